/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "power-service.h"

#include <unistd.h>

#include "pm-hooks/logind-watch.h"
#include "pm-hooks/save-report.h"
#include "pm-hooks/saver.h"
#include "pm-hooks/service-manager.h"
#include "pm-hooks/system-bus.h"
#include "pm-hooks/upower-watch.h"

#define RETRY_FIRST_MS 1000
#define RETRY_LAST_MS  60000

struct PowerService {
	GDBusConnection *session_bus;
	struct event_table table;
	void (*ended)(gpointer data);
	gpointer data;

	struct power_machine machine;
	SystemBus *system_bus;
	LogindWatch *logind; /* NULL without a system bus, as is upower */
	UpowerWatch *upower;
	Saver *saver;
	Saver *restorer;
	gboolean restoring;

	int lock; /* -1: none */
	guint retry_id;
	guint retry_ms;
	guint refused_id;
	guint deadline_id;
	gint64 waits_since_us; /* when logind began to wait; 0: it does not */
	enum power_event occasion;
	gboolean lid_closed;
	gboolean stopping;
};

static void happen(PowerService *service, enum power_event event)
{
	power_machine_event(&service->machine, event);
}

static void log_line(gboolean bad, const char *line)
{
	if (bad)
		g_warning("%s", line);
	else
		g_message("%s", line);
}

const char *power_service_reason(enum power_event occasion)
{
	static const char *const reasons[POWER_OCCASIONS] = {
		[POWER_SHUTDOWN] = "shutdown",
		[POWER_SLEEP] = "sleep",
		[POWER_LID_CLOSED] = "lid",
		[POWER_BATTERY_LOW] = "battery",
		[POWER_BATTERY_CRITICAL] = "battery",
		[POWER_BATTERY_ACTION] = "battery",
		[POWER_LOGOUT] = "logout",
		[POWER_SESSION_END] = "logout",
	};

	return reasons[occasion];
}

/* --- how the machine acts ---------------------------------------------------------------------- */

static enum power_action op_action(void *data, enum power_event occasion)
{
	const PowerService *service = data;

	return service->table.actions[occasion];
}

static gboolean on_refused(gpointer data)
{
	PowerService *service = data;

	service->refused_id = 0;
	happen(service, POWER_LOCK_REFUSED);
	return G_SOURCE_REMOVE;
}

static void op_take_lock(void *data)
{
	PowerService *service = data;

	service->waits_since_us = 0;
	if (service->logind)
		logind_watch_take_lock(service->logind);
	else
		service->refused_id = g_idle_add(on_refused, service);
}

static void close_lock(PowerService *service)
{
	if (service->lock >= 0)
		close(service->lock);
	service->lock = -1;
}

static void op_release_lock(void *data)
{
	PowerService *service = data;

	close_lock(service);
	if (service->waits_since_us > 0)
		g_message("%s: the lock is released after %" G_GINT64_FORMAT " ms",
			  power_event_name(service->occasion),
			  (g_get_monotonic_time() - service->waits_since_us) / 1000);
	service->waits_since_us = 0;
}

static gboolean on_retry(gpointer data)
{
	PowerService *service = data;

	service->retry_id = 0;
	happen(service, POWER_LOCK_RETRY);
	return G_SOURCE_REMOVE;
}

static void op_retry_later(void *data)
{
	PowerService *service = data;

	if (service->retry_id)
		return;
	service->retry_id = g_timeout_add(service->retry_ms, on_retry, service);
	service->retry_ms = MIN(service->retry_ms * 2, RETRY_LAST_MS);
}

static void on_saved(gpointer data, const struct saver_outcome *outcome)
{
	PowerService *service = data;

	save_report(outcome, power_event_name(service->occasion), log_line);
	happen(service, POWER_SAVED);
}

/* What logind leaves us of its delay: a tenth is kept for its way to us and our answer. */
static guint64 time_to_save_us(const PowerService *service)
{
	guint64 delay = service->logind ? logind_watch_delay_us(service->logind) : 0;

	return delay - delay / 10;
}

static void op_save(void *data, enum power_event occasion, enum power_action action)
{
	PowerService *service = data;
	guint64 deadline = service->deadline_id ? time_to_save_us(service) : 0;

	service->occasion = occasion;
	saver_save_all(service->saver, power_service_reason(occasion), action == POWER_SAVE_STOP,
		       deadline, on_saved, service);
}

static gboolean on_deadline(gpointer data)
{
	PowerService *service = data;

	service->deadline_id = 0;
	happen(service, POWER_DEADLINE);
	return G_SOURCE_REMOVE;
}

static void op_disarm_deadline(void *data)
{
	PowerService *service = data;

	g_clear_handle_id(&service->deadline_id, g_source_remove);
}

static void op_arm_deadline(void *data)
{
	PowerService *service = data;

	op_disarm_deadline(service);
	service->waits_since_us = g_get_monotonic_time();
	service->deadline_id =
		g_timeout_add((guint)(time_to_save_us(service) / 1000), on_deadline, service);
}

static void op_report_late(void *data)
{
	const PowerService *service = data;

	g_warning("%s: saving takes longer than logind waits; what is not saved yet goes on being "
		  "saved, and the end of the login waits for it",
		  power_event_name(service->occasion));
}

static void on_restored(gpointer data, const struct saver_outcome *outcome)
{
	PowerService *service = data;

	service->restoring = FALSE;
	restore_report(outcome, log_line);
}

static void op_restore(void *data)
{
	PowerService *service = data;

	if (service->restoring)
		return;
	service->restoring = TRUE;
	g_message("the shutdown was called off: bringing back what was ended for it");
	saver_restore(service->restorer, NULL, NULL, on_restored, service);
}

static void op_quit(void *data)
{
	PowerService *service = data;

	service->ended(service->data);
}

static const struct power_ops ops = {
	.action = op_action,
	.take_lock = op_take_lock,
	.release_lock = op_release_lock,
	.retry_later = op_retry_later,
	.save = op_save,
	.arm_deadline = op_arm_deadline,
	.disarm_deadline = op_disarm_deadline,
	.report_late = op_report_late,
	.restore = op_restore,
	.quit = op_quit,
};

/* --- what the machine is told ------------------------------------------------------------------ */

static void on_event(gpointer data, enum power_event event)
{
	happen(data, event);
}

static void on_lid(gpointer data, gboolean closed)
{
	PowerService *service = data;
	gboolean changed = closed != service->lid_closed;

	service->lid_closed = closed; /* logind and UPower both may tell */
	if (changed && closed)
		happen(service, POWER_LID_CLOSED);
}

static void on_lock(gpointer data, int fd, const GError *error)
{
	PowerService *service = data;

	if (fd < 0) {
		if (service->retry_ms == RETRY_FIRST_MS) /* once is enough */
			g_warning("no lock from logind, trying again: %s; without it, saving goes "
				  "on while the system shuts down or sleeps",
				  error->message);
		happen(service, POWER_LOCK_REFUSED);
		return;
	}
	close_lock(service); /* only now: a new logind may not know the old one */
	service->lock = fd;
	service->retry_ms = RETRY_FIRST_MS;
	happen(service, POWER_LOCK_GRANTED);
}

static const struct logind_callbacks logind_callbacks = {
	.event = on_event,
	.lid = on_lid,
	.lock = on_lock,
};

static const struct upower_callbacks upower_callbacks = {
	.event = on_event,
	.lid = on_lid,
};

static void on_system_bus(GDBusConnection *connection, gpointer data)
{
	PowerService *service = data;
	gboolean asked = service->machine.lock_asked && !service->refused_id;

	g_clear_pointer(&service->logind, logind_watch_free);
	g_clear_pointer(&service->upower, upower_watch_free);
	if (asked) /* nobody is left to answer */
		happen(service, POWER_LOCK_REFUSED);
	if (!connection) {
		g_warning("the system bus is lost, connecting again");
		return;
	}
	service->logind = logind_watch_new(connection, &logind_callbacks, service);
	service->upower = upower_watch_new(connection, &upower_callbacks, service);
}

static void on_stopping(gpointer data, gboolean stopping)
{
	happen(data, stopping ? POWER_SESSION_END : POWER_STOP);
}

void power_service_stop(PowerService *service)
{
	if (service->stopping)
		return;
	service->stopping = TRUE;
	service_manager_ask_stopping(service->session_bus, on_stopping, service);
}

PowerService *power_service_new(GDBusConnection *session_bus, const struct event_table *table,
				void (*ended)(gpointer data), gpointer data)
{
	PowerService *service = g_new0(PowerService, 1);

	service->session_bus = g_object_ref(session_bus);
	service->table = *table;
	service->ended = ended;
	service->data = data;
	service->lock = -1;
	service->retry_ms = RETRY_FIRST_MS;
	service->saver = saver_new(session_bus);
	service->restorer = saver_new(session_bus);
	power_machine_init(&service->machine, &ops, service);
	service->system_bus = system_bus_new(on_system_bus, service);
	return service;
}

void power_service_free(PowerService *service)
{
	if (!service)
		return;
	upower_watch_free(service->upower);
	logind_watch_free(service->logind);
	system_bus_free(service->system_bus);
	saver_free(service->saver);
	saver_free(service->restorer);
	g_clear_handle_id(&service->retry_id, g_source_remove);
	g_clear_handle_id(&service->refused_id, g_source_remove);
	g_clear_handle_id(&service->deadline_id, g_source_remove);
	close_lock(service);
	g_object_unref(service->session_bus);
	g_free(service);
}
