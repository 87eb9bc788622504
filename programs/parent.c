/*
 * parent.c - the hub as a whole: start, ready, stop
 *
 * Fails by saying why and ending with status 1 before anything has started;
 * afterwards only when told to end.
 */
#include "programs/parent.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "programs/postroomd.h"

struct hub {
	struct loop		*loop;
	struct holdings		 holdings;
	struct children		*children;
	uint64_t		 started_ms;
	const char		*config_path;
	bool			 failed;	/* never got ready */
};

static void
on_stopped(void *arg)
{
	const struct hub *hub = arg;

	log_say("stopped");
	loop_stop(hub->loop);
}

static void
on_ready(void *arg, bool all_up)
{
	struct hub *hub = arg;

	if (all_up) {
		log_say("ready: %s, after %llu ms",
		    hub->holdings.config.hostname,
		    (unsigned long long)(clock_ms() - hub->started_ms));
		return;
	}
	log_say("cannot start: a role could not begin, see above");
	hub->failed = true;
	children_stop(hub->children, on_stopped);
}

static void
on_end_signal(void *arg, int number)
{
	const struct hub *hub = arg;

	log_say("ending on signal %d", number);
	children_stop(hub->children, on_stopped);
}

/* SIGHUP: a bad file leaves the old configuration running. */
static void
on_reload_signal(void *arg, int number)
{
	struct hub *hub = arg;

	(void)number;
	if (holdings_reload(hub->config_path, &hub->holdings) < 0) {
		log_say("the configuration stays as it was");
		return;
	}
	log_say("the configuration is read anew; the roles start again");
	children_restart(hub->children);
}

static void
on_child_signal(void *arg, int number)
{
	const struct hub *hub = arg;

	(void)number;
	children_reap(hub->children);
}

/* Every connection is a descriptor or two: take what the system allows. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int
hub_start(struct hub *hub, const char *config_path)
{
	int r;

	r = holdings_open(config_path, &hub->holdings);
	if (r < 0)
		return r;
	hub->loop = loop_new();
	if (hub->loop == NULL)
		return -ENOMEM;
	hub->children = children_new(hub->loop, &hub->holdings, on_ready, hub);
	if (hub->children == NULL)
		return -ENOMEM;
	if (loop_signal(hub->loop, SIGTERM, on_end_signal, hub) < 0 ||
	    loop_signal(hub->loop, SIGINT, on_end_signal, hub) < 0 ||
	    loop_signal(hub->loop, SIGHUP, on_reload_signal, hub) < 0 ||
	    loop_signal(hub->loop, SIGCHLD, on_child_signal, hub) < 0)
		return -ENOMEM;
	return children_start(hub->children);
}

int
parent_main(const char *config_path)
{
	struct hub *hub = calloc(1, sizeof(*hub));
	int r;

	log_open(ROLE_PARENT, 0);
	if (hub == NULL)
		return 1;
	hub->config_path = config_path;
	hub->started_ms = clock_ms();
	(void)signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	r = hub_start(hub, config_path);
	if (r < 0) {
		log_say("cannot start: %s", strerror(-r));
		return 1;
	}
	r = loop_run(hub->loop);
	holdings_close(&hub->holdings);
	return r < 0 || hub->failed ? 1 : 0;
}
