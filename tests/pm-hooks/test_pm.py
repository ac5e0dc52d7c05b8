# SPDX-License-Identifier: GPL-2.0-or-later
"""vksession-pm between mocks of logind, UPower and vksessiond, in odd orders of events.

Prints TAP. VKSESSION_PM and VKSESSION_LOGIN are the programs.
"""

import os
import subprocess
import traceback

import dbus
from dbus.mainloop.glib import DBusGMainLoop

from desk import (LOGIND, MANAGER, MOCK, UPOWER, UPOWER_PATH, VKSESSION, Desk,
                  failed, names, saved, until)


def ready(desk, delay_us=5000000):
    """The usual beginning: all services there, the lock held."""
    desk.start_logind(delay_us)
    desk.start_vksessiond()
    desk.start()
    desk.wait_locks(1)


def stop(desk):
    desk.signal()
    assert desk.wait_end() == 0


def test_sleep(desk):
    ready(desk)
    assert desk.locks()[0][0] == "shutdown:sleep" and desk.locks()[0][3] == "delay"
    desk.prepare("Sleep", True)
    call = desk.wait_call("SaveAll", 1)
    assert call["reason"] == "sleep" and not call["stop"]
    assert 4000000 <= call["deadline"] < 5000000, call
    assert len(desk.locks()) == 1
    desk.finish_job(1, saved=saved(("work", 3)))
    desk.wait_locks(0)
    desk.wait_log("sleep: saved in")
    desk.wait_log("work (save 3)")
    desk.wait_log("sleep: the lock is released after")
    desk.prepare("Sleep", False)
    desk.wait_locks(1)
    stop(desk)


def test_shutdown(desk):
    ready(desk)
    desk.prepare("Shutdown", True)
    call = desk.wait_call("SaveAll", 1)
    assert call["reason"] == "shutdown" and call["stop"]
    desk.finish_job(1, saved=saved(("work", 3)), failed=failed(("mail", "the disk is full")))
    desk.wait_locks(0)
    desk.wait_log("shutdown: not saved: session mail: the disk is full")
    desk.wait_log("shutdown: the lock is released after")
    stop(desk)


def test_too_slow(desk):
    ready(desk, 200000)
    desk.prepare("Shutdown", True)
    assert desk.wait_call("SaveAll", 1)["deadline"] == 180000
    desk.wait_locks(0)
    desk.wait_log("saving takes longer than logind waits")
    desk.signal()  # the end of the service waits for the save
    desk.finish_job(1, saved=saved(("work", 3)), late=names("work"))
    assert desk.wait_end() == 0
    desk.wait_log("did not fit into the time that logind waits: work")


def test_sleep_during_shutdown(desk):
    ready(desk)
    desk.prepare("Shutdown", True)
    desk.wait_call("SaveAll", 1)
    desk.prepare("Sleep", True)
    desk.prepare("Sleep", False)
    desk.finish_job(1)
    desk.wait_locks(0)
    desk.wait_call("SaveAll", 1)
    desk.prepare("Sleep", True)  # now there may be something new to save
    assert desk.wait_call("SaveAll", 2)["reason"] == "sleep"
    desk.finish_job(2)
    stop(desk)


def test_shutdown_called_off(desk):
    ready(desk)
    desk.prepare("Shutdown", True)
    desk.wait_call("SaveAll", 1)
    desk.finish_job(1, saved=saved(("work", 3)))
    desk.wait_locks(0)
    desk.prepare("Shutdown", False)
    desk.wait_call("Restore", 1)
    desk.finish_job(2, thawed=names("work"))
    desk.wait_locks(1)
    desk.wait_log("brought back in")
    stop(desk)


def refuse_locks(desk):
    desk.logind(MOCK).AddMethod(
        MANAGER, "Inhibit", "ssss", "h",
        "raise dbus.exceptions.DBusException('Permission denied',"
        " name='org.freedesktop.DBus.Error.AccessDenied')")


def test_second_sleep_without_lock(desk):
    ready(desk)
    desk.prepare("Sleep", True)
    desk.wait_call("SaveAll", 1)
    desk.finish_job(1)
    desk.wait_locks(0)
    refuse_locks(desk)
    desk.prepare("Sleep", False)
    desk.prepare("Sleep", True)
    desk.wait_call("SaveAll", 2)
    desk.finish_job(2)
    desk.wait_log("sleep: no session had anything to save", 2)
    desk.prepare("Sleep", False)
    desk.prepare("Sleep", True)
    desk.wait_call("SaveAll", 3)
    desk.finish_job(3)
    stop(desk)


def test_inhibitor_refused(desk):
    desk.start_logind()
    refuse_locks(desk)
    desk.start_vksessiond()
    desk.start()
    desk.wait_log("no lock from logind, trying again")
    desk.prepare("Sleep", True)
    desk.wait_call("SaveAll", 1)
    desk.finish_job(1)
    desk.wait_log("sleep: no session had anything to save")
    assert desk.log().count("no lock from logind") == 1
    stop(desk)


def test_logind_restart(desk):
    ready(desk)
    desk.stop_mock(desk.system, LOGIND)
    desk.start_logind()
    desk.wait_locks(1)
    desk.prepare("Sleep", True)
    desk.wait_call("SaveAll", 1)
    desk.finish_job(1)
    desk.wait_locks(0)
    # Nobody tells that this sleep is over.
    desk.stop_mock(desk.system, LOGIND)
    desk.start_logind()
    desk.wait_locks(1)
    stop(desk)


def test_logind_started_in_the_middle(desk):
    desk.start_logind(going_down=True)
    desk.start_vksessiond()
    desk.start()
    assert desk.wait_call("SaveAll", 1)["reason"] == "shutdown"
    desk.finish_job(1)
    stop(desk)


def test_bus_restart(desk):
    ready(desk)
    desk.stop_mock(desk.system, LOGIND)
    desk.system.stop()
    desk.wait_log("the system bus is lost")
    desk.system.start()
    desk.start_logind()
    desk.wait_locks(1)
    desk.prepare("Sleep", True)
    desk.wait_call("SaveAll", 1)
    desk.finish_job(1)
    desk.wait_locks(0)
    stop(desk)


def test_no_system_bus(desk):
    desk.system.stop()
    desk.start_vksessiond()
    desk.start()
    until("the name", lambda: desk.session.has("org.vksession.Power"))
    desk.system.start()
    desk.start_logind()
    desk.wait_locks(1)
    stop(desk)


def test_clock_jump(desk):
    """The wall clock goes wild while logind waits: it is not what is waited by."""
    clock = os.path.join(desk.directory, "clock")
    with open(clock, "w", encoding="utf-8") as file:
        file.write("+0")
    library = os.environ["FAKETIME_LIBRARY"]
    desk.environment.update(LD_PRELOAD=library, FAKETIME_TIMESTAMP_FILE=clock,
                            FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1",
                            ASAN_OPTIONS="verify_asan_link_order=0")  # of a build with sanitizers
    desk.start()
    for key in [key for key in desk.environment if key.startswith("FAKETIME")] + ["LD_PRELOAD"]:
        del desk.environment[key]
    desk.start_logind()
    desk.start_vksessiond()
    desk.wait_locks(1)
    desk.prepare("Sleep", True)
    desk.wait_call("SaveAll", 1)
    for jump in ("+3d", "-400d"):
        with open(clock, "w", encoding="utf-8") as file:
            file.write(jump)
        assert len(desk.locks()) == 1
    desk.finish_job(1, saved=saved(("work", 1)))
    desk.wait_locks(0)
    desk.prepare("Sleep", False)
    desk.wait_locks(1)
    line = [line for line in desk.log().splitlines() if "sleep: saved in" in line][0]
    assert 0 <= int(line.split("saved in ")[1].split(" ms")[0]) < 60000, line
    stop(desk)


def test_battery(desk):
    desk.start_upower()
    ready(desk)
    for number, level in enumerate((3, 4, 5), 1):
        desk.battery(level)
        assert desk.wait_call("SaveAll", number)["reason"] == "battery"
        desk.finish_job(number)
        desk.wait_log("no session had anything to save", number)
    desk.battery(1)
    desk.battery(3)
    desk.wait_call("SaveAll", 4)
    desk.finish_job(4)
    stop(desk)


def test_lid(desk):
    desk.start_upower()
    ready(desk)
    upower = dbus.Interface(desk.system.object(UPOWER, UPOWER_PATH), MOCK)
    upower.UpdateProperties(UPOWER, {"LidIsClosed": True})
    desk.wait_call("SaveAll", 1)
    desk.logind(MOCK).UpdateProperties(MANAGER, {"LidClosed": True})
    desk.finish_job(1)
    desk.wait_log("lid-closed: no session had anything to save")
    upower.UpdateProperties(UPOWER, {"LidIsClosed": False})
    upower.UpdateProperties(UPOWER, {"LidIsClosed": True})
    desk.wait_call("SaveAll", 2)
    desk.finish_job(2)
    stop(desk)


def add_login(desk, name):
    path = desk.logind(MOCK).AddSession(name, "seat0", dbus.UInt32(os.getuid()), "ann", True)
    login = dbus.Interface(desk.system.object(LOGIND, path), MOCK)
    login.UpdateProperties("org.freedesktop.login1.Session", {"Type": "x11"})
    desk.logind(MOCK).EmitSignal(MANAGER, "SessionNew", "so", [name, path])
    return path


def test_logout(desk):
    desk.start_logind()
    desk.start_vksessiond()
    first = add_login(desk, "1")
    desk.start()
    desk.wait_locks(1)
    second = add_login(desk, "2")
    desk.logind(MOCK).EmitSignal(MANAGER, "SessionRemoved", "so", ["1", first])
    # The other one's leader has ended, but logind keeps it for a program that is left.
    login = dbus.Interface(desk.system.object(LOGIND, second), MOCK)
    login.UpdateProperties("org.freedesktop.login1.Session", {"State": "closing"})
    login.UpdateProperties("org.freedesktop.login1.Session", {"Active": False})
    call = desk.wait_call("SaveAll", 1)
    assert call["reason"] == "logout" and call["stop"]
    desk.finish_job(1)
    stop(desk)


def test_vksessiond_lost(desk):
    """It ends in the middle of a job; the next one is asked."""
    ready(desk)
    desk.prepare("Shutdown", True)
    desk.wait_call("SaveAll", 1)
    desk.add_service(VKSESSION, "/bin/false")
    desk.stop_mock(desk.session, VKSESSION)
    desk.wait_log("shutdown: nothing was saved")
    desk.wait_locks(0)
    stop(desk)


def test_job_fails(desk):
    ready(desk)
    desk.prepare("Sleep", True)
    desk.wait_call("SaveAll", 1)
    desk.finish_job(1, state="failed", message="the store is gone; nothing was changed")
    desk.wait_log("sleep: nothing was saved: the store is gone; nothing was changed")
    desk.wait_locks(0)
    stop(desk)


def test_session_end(desk):
    """systemd --user stops everything: sessions are saved before vksession-pm ends."""
    desk.start_mock(desk.session, "org.freedesktop.systemd1",
                    ["org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                     "org.freedesktop.systemd1.Manager"])
    systemd = dbus.Interface(
        desk.session.object("org.freedesktop.systemd1", "/org/freedesktop/systemd1"), MOCK)
    systemd.AddProperties("org.freedesktop.systemd1.Manager", {"SystemState": "stopping"})
    ready(desk)
    desk.signal()
    call = desk.wait_call("SaveAll", 1)
    assert call["reason"] == "logout" and call["stop"] and "deadline" not in call
    desk.signal()  # impatience changes nothing
    assert desk.service.poll() is None
    desk.finish_job(1, saved=saved(("work", 9)))
    assert desk.wait_end() == 0


def test_session_bus_lost(desk):
    ready(desk)
    desk.session.daemon.terminate()
    assert desk.wait_end() == 1
    desk.wait_log("the session bus is gone")


def test_once_per_login(desk):
    ready(desk)
    second = subprocess.run([os.environ["VKSESSION_PM"]], env=desk.environment, check=False,
                            timeout=60, capture_output=True)
    assert second.returncode == 0
    stop(desk)


def test_one_event(desk):
    desk.start_vksessiond()
    desk.start("--event=sleep")
    assert not desk.wait_call("SaveAll", 1)["stop"]
    desk.finish_job(1, saved=saved(("work", 1)))
    assert desk.wait_end() == 0
    desk.start("--event=tea")
    assert desk.wait_end() == 2
    desk.wait_log('there is no event "tea"')


def login(desk, **environment):
    return subprocess.Popen([os.environ["VKSESSION_LOGIN"]], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True,
                            env=dict(desk.environment, DISPLAY=":7", **environment))


def test_login(desk):
    """As where there is no systemd: the login starts vksession-pm through the bus."""
    desk.start_logind()
    desk.start_vksessiond()
    desk.add_service("org.vksession.Power", os.environ["VKSESSION_PM"])
    first = login(desk, TEST_OF="environment")
    call = desk.wait_call("Restore", 1)
    assert call["display"] == ":7"
    assert "TEST_OF=environment" in call["environment"]
    desk.wait_locks(1)
    second = login(desk)  # by the other one of autostart and unit
    until("the second one to see the first", lambda: second.poll() is not None)
    assert second.wait() == 0
    desk.finish_job(1, thawed=names("work"), failed=failed(("mail", "its save is damaged")))
    output = first.communicate()[0]
    assert first.returncode == 1, output
    assert "session mail: its save is damaged" in output, output
    assert ": work" in output, output
    desk.wait_call("Restore", 1)
    desk.prepare("Shutdown", True)
    desk.wait_call("SaveAll", 1)
    desk.finish_job(2)
    desk.wait_locks(0)


def test_login_turned_off(desk):
    directory = os.path.join(desk.directory, "etc", "vksession")
    os.makedirs(directory)
    with open(os.path.join(directory, "power.conf"), "w", encoding="utf-8") as file:
        file.write("[events]\nlogin = nothing\n")
    desk.start_logind()
    desk.start_vksessiond()
    desk.add_service("org.vksession.Power", os.environ["VKSESSION_PM"])
    assert login(desk).wait() == 0
    assert not desk.calls("Restore")
    desk.wait_locks(1)


def test_user_configuration(desk):
    directory = os.path.join(desk.directory, "config", "vksession")
    os.makedirs(directory)
    with open(os.path.join(directory, "power.conf"), "w", encoding="utf-8") as file:
        file.write("[events]\nsleep = nothing\nshutdown = save\n")
    ready(desk)
    desk.prepare("Sleep", True)
    desk.wait_locks(0)
    desk.prepare("Sleep", False)
    desk.wait_locks(1)
    desk.prepare("Shutdown", True)
    assert not desk.wait_call("SaveAll", 1)["stop"]
    desk.finish_job(1)
    stop(desk)


def run(name, test):
    desk = Desk()
    try:
        test(desk)
        return True
    except Exception:  # pylint: disable=broad-except
        print("".join("# %s\n" % line for line in
                      (traceback.format_exc() + desk.log()).splitlines()), end="")
        return False
    finally:
        desk.close()


def main():
    DBusGMainLoop(set_as_default=True)
    tests = [(name, value) for name, value in globals().items() if name.startswith("test_")]
    wanted = os.environ.get("VKSESSION_PM_TESTS", "").split()
    if wanted:
        tests = [(name, value) for name, value in tests if name in wanted]
    print("1..%d" % len(tests), flush=True)
    for number, (name, test) in enumerate(tests, 1):
        print("%s %d %s" % ("ok" if run(name, test) else "not ok", number, name), flush=True)


main()
