# SPDX-License-Identifier: GPL-2.0-or-later
"""Buses with mock services on them for vksession-pm, and the service itself.

Everything is waited for by looking again until it is so, with a limit; nothing sleeps for a fixed
time. Text that vksession-pm prints is kept in a file.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import dbus
import dbus.bus
from gi.repository import GLib

LIMIT = 60  # seconds, on a machine that is busy with other things
MOCK = "org.freedesktop.DBus.Mock"
LOGIND = "org.freedesktop.login1"
LOGIND_PATH = "/org/freedesktop/login1"
MANAGER = "org.freedesktop.login1.Manager"
UPOWER = "org.freedesktop.UPower"
UPOWER_PATH = "/org/freedesktop/UPower"
DISPLAY_DEVICE = "/org/freedesktop/UPower/devices/DisplayDevice"
VKSESSION = "org.vksession"
MANAGER1 = "org.vksession.Manager1"
JOB1 = "org.vksession.Job1"

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path={path}</listen>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""

BEGIN_JOB = """
self.jobs = getattr(self, "jobs", 0) + 1
path = "/org/vksession/job/%d" % self.jobs
self.AddObject(path, "org.vksession.Job1", {
    "Kind": "{kind}", "Session": "", "State": "running", "Stage": "", "Done": dbus.UInt64(0),
    "Total": dbus.UInt64(0), "Started": dbus.UInt64(0),
    "Result": dbus.Dictionary({}, signature="sv"), "ErrorName": "", "ErrorMessage": ""},
    [("Cancel", "", "", "")])
ret = dbus.ObjectPath(path)
"""


def until(what, look):
    """Looks again and again until look() returns something true, and returns that."""
    end = time.monotonic() + LIMIT
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("waited in vain: " + what)
        GLib.timeout_add(10, lambda: GLib.SOURCE_REMOVE)
        GLib.MainContext.default().iteration(True)


class Bus:
    """A message bus at a fixed place, so that it can be restarted there."""

    def __init__(self, directory, name):
        self.socket = os.path.join(directory, name)
        self.address = "unix:path=" + self.socket
        self.config = self.socket + ".conf"
        services = self.socket + ".services"
        os.mkdir(services)
        with open(self.config, "w", encoding="utf-8") as config:
            config.write(BUS_CONFIG.format(path=self.socket, services=services))
        self.daemon = None
        self.start()

    def start(self):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.daemon = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--config-file", self.config], stderr=subprocess.DEVNULL)
        self.connection = until("the bus", self.connect)

    def connect(self):
        try:
            connection = dbus.bus.BusConnection(self.address)
        except dbus.DBusException:
            return None
        connection.set_exit_on_disconnect(False)
        return connection

    def stop(self):
        self.connection.close()
        self.daemon.terminate()
        self.daemon.wait()

    def has(self, name):
        return self.connection.name_has_owner(name)

    def object(self, name, path):
        return self.connection.get_object(name, path, introspect=False)


class Desk:
    """A system bus with logind and UPower, a session bus with vksessiond, all of them mocks."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="vksession-pm-")
        self.log_path = os.path.join(self.directory, "log")
        self.system = Bus(self.directory, "system")
        self.session = Bus(self.directory, "session")
        self.mocks = {}
        self.service = None
        self.environment = dict(
            os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.system.address,
            DBUS_SESSION_BUS_ADDRESS=self.session.address, HOME=self.directory,
            XDG_CONFIG_HOME=os.path.join(self.directory, "config"),
            XDG_CONFIG_DIRS=os.path.join(self.directory, "etc"), PYTHONUNBUFFERED="1")

    def close(self):
        processes = list(self.mocks.values()) + ([self.service] if self.service else [])
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
        self.system.stop()
        self.session.stop()
        shutil.rmtree(self.directory)

    def add_service(self, name, program):
        """Has the session bus start a program for a name, with the environment of this desk."""
        script = os.path.join(self.directory, name)
        with open(script, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nexport DBUS_SYSTEM_BUS_ADDRESS=%s\n"
                       "export DBUS_SESSION_BUS_ADDRESS=%s\nexec %s\n" %
                       (self.system.address, self.session.address, program))
        os.chmod(script, 0o755)
        service = os.path.join(self.session.socket + ".services", name + ".service")
        with open(service, "w", encoding="utf-8") as file:
            file.write("[D-BUS Service]\nName=%s\nExec=%s\n" % (name, script))
        self.session.object("org.freedesktop.DBus", "/org/freedesktop/DBus").ReloadConfig(
            dbus_interface="org.freedesktop.DBus")

    def start_mock(self, bus, name, arguments):
        kind = "--system" if bus is self.system else "--session"
        self.mocks[name] = subprocess.Popen(
            [sys.executable, "-m", "dbusmock", kind, *arguments], env=self.environment,
            stdout=subprocess.DEVNULL)
        until(name, lambda: bus.has(name))

    def stop_mock(self, bus, name):
        process = self.mocks.pop(name)
        process.terminate()
        process.wait()
        until(name + " to go", lambda: not bus.has(name))

    def start_logind(self, delay_us=5000000, going_down=False):
        self.start_mock(self.system, LOGIND, ["--template", "logind"])
        self.logind(MOCK).AddProperties(MANAGER, {
            "InhibitDelayMaxUSec": dbus.UInt64(delay_us), "LidClosed": False})
        self.logind(MOCK).UpdateProperties(MANAGER, {"PreparingForShutdown": going_down})

    def start_upower(self):
        self.start_mock(self.system, UPOWER, ["--template", "upower"])

    def start_vksessiond(self):
        self.start_mock(self.session, VKSESSION, [VKSESSION, "/org/vksession", MANAGER1])
        manager = self.vksessiond(MOCK)
        manager.AddMethods(MANAGER1, [
            ("SaveAll", "a{sv}", "o", BEGIN_JOB.replace("{kind}", "save-all")),
            ("Restore", "a{sv}", "o", BEGIN_JOB.replace("{kind}", "restore"))])

    def logind(self, interface=MANAGER):
        return dbus.Interface(self.system.object(LOGIND, LOGIND_PATH), interface)

    def vksessiond(self, interface=MANAGER1):
        return dbus.Interface(self.session.object(VKSESSION, "/org/vksession"), interface)

    # --- vksession-pm ---------------------------------------------------------------------------

    def start(self, *arguments):
        with open(self.log_path, "ab") as log:
            self.service = subprocess.Popen(
                [os.environ["VKSESSION_PM"], *arguments], env=self.environment, stdout=log,
                stderr=log)

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_log(self, text, times=1):
        until("'%s' in:\n%s" % (text, self.log()), lambda: self.log().count(text) >= times)

    def wait_end(self):
        until("vksession-pm to end", lambda: self.service.poll() is not None)
        status = self.service.returncode
        self.service = None
        return status

    def signal(self):
        self.service.send_signal(signal.SIGTERM)

    def locks(self):
        return [lock for lock in self.logind().ListInhibitors() if lock[1] == "vksession"]

    def wait_locks(self, number):
        until("%d locks" % number, lambda: len(self.locks()) == number)

    def calls(self, method):
        """The options of all calls of a method of vksessiond so far."""
        return [arguments[0] for _, name, arguments in self.vksessiond(MOCK).GetCalls()
                if name == method]

    def wait_call(self, method, number):
        until("call %d of %s\n%s" % (number, method, self.log()),
              lambda: len(self.calls(method)) >= number)
        calls = self.calls(method)
        assert len(calls) == number, calls
        return calls[-1]

    # --- what happens ---------------------------------------------------------------------------

    def prepare(self, what, begins):
        self.logind(MOCK).UpdateProperties(MANAGER, {"PreparingFor" + what: dbus.Boolean(begins)})
        self.logind(MOCK).EmitSignal(MANAGER, "PrepareFor" + what, "b", [dbus.Boolean(begins)])

    def finish_job(self, number, state="done", message="", **result):
        job = self.session.object(VKSESSION, "/org/vksession/job/%d" % number)
        properties = dbus.Interface(job, "org.freedesktop.DBus.Properties")
        properties.Set(JOB1, "Result", dbus.Dictionary(result, signature="sv"))
        properties.Set(JOB1, "ErrorMessage", message)
        properties.Set(JOB1, "State", state)
        dbus.Interface(job, MOCK).EmitSignal(JOB1, "Finished", "s", [state])

    def battery(self, level):
        device = dbus.Interface(self.system.object(UPOWER, DISPLAY_DEVICE), MOCK)
        device.UpdateProperties("org.freedesktop.UPower.Device",
                                {"WarningLevel": dbus.UInt32(level)})


def saved(*pairs):
    return dbus.Array([(name, dbus.UInt32(number)) for name, number in pairs], signature="(su)")


def failed(*pairs):
    return dbus.Array(list(pairs), signature="(ss)")


def names(*texts):
    return dbus.Array(list(texts), signature="s")
