/*
 * relay.c - put messages that leave into the queue of a hub that does not run
 *
 *	relay DATA SEGMENT_BYTES SEGMENTS COUNT ACCOUNT NOTIFY RECIPIENT...
 *
 * COUNT messages for all of them, or, where it is "-", one for each.
 * The queue itself takes them, as those that the hub has made; its judge is here.
 * They are from that account (0: of nobody here), with those bits of NOTIFY, and
 * durable, each with a row, when this ends with status 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/memfd.h"
#include "lib/base/pack.h"
#include "lib/base/zone.h"
#include "policy/hub.h"
#include "queue/conductor_inside.h"

static struct loop *loop;
static struct conductor *conductor;
static struct timer *next;
static unsigned left, taken, count;
static void *ticket;
static char **to;
static int to_count;
static uint64_t sender_account;
static uint8_t notify;
static bool is_each;

static void
give_up(const char *what)
{
	fprintf(stderr, "relay: %s\n", what);
	exit(1);
}

static int
port_judge(void *arg, void *the_ticket, struct slice packed, int fd)
{
	(void)arg;
	(void)packed;
	(void)fd;
	ticket = the_ticket;
	timer_set(next, 0);
	return 0;
}

static void
port_answer(void *arg, const struct asker *asker,
    const struct queue_answer *answer)
{
	(void)arg;
	(void)asker;
	if (answer->code != 250)
		give_up("a message was not taken");
	taken++;
	timer_set(next, 0);
}

static void
port_want(void *arg, uint64_t account)
{
	(void)arg;
	(void)account;
}

static int
port_none(void *arg, void *the_ticket, struct slice packed, int fd)
{
	(void)arg;
	(void)the_ticket;
	(void)packed;
	(void)fd;
	return -ENOTCONN;
}

static void
port_noted(void *arg, uint64_t number)
{
	(void)arg;
	(void)number;
}

static int
port_person(void *arg, void *the_ticket, uint64_t account,
    struct slice address)
{
	(void)arg;
	(void)the_ticket;
	(void)account;
	(void)address;
	return -ENOTCONN;
}

static void
port_broken(void *arg, const char *what)
{
	(void)arg;
	give_up(what);
}

static void
submit(void)
{
	const struct asker asker = { .from = &loop, .serial = count + 1,
	    .is_own = true };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	int n = is_each ? 1 : to_count;
	struct recipient *rcpts = calloc((size_t)n, sizeof(*rcpts));
	struct envelope env = { .source = SOURCE_OWN,
	    .sender = SLICE("ann@office.test"), .recipients = rcpts,
	    .recipient_count = (size_t)n, .sender_account = sender_account };
	char message[128];
	int fd;

	for (int i = 0; i < n; i++)
		rcpts[i] = (struct recipient){ .notify = notify,
		    .address = slice_str(to[is_each ? (int)count : i]) };
	(void)snprintf(message, sizeof(message), "From: ann@office.test\r\n"
	    "Subject: number %u.\r\n\r\n.hello\r\n", count++);
	env.bytes = strlen(message);
	envelope_pack(&packed, &env);
	fd = memfd_of("message", slice_str(message));
	if (fd < 0 || text_failed(&packed) || conductor_submit(conductor,
	    &asker, 0, text_slice(&packed), fd, 0) < 0)
		give_up("a message was refused");
	free(rcpts);
	left--;
}

static void
judge(void)
{
	TEXT_AUTO packed = TEXT_INIT(VERDICT_PACKED_MAX);
	struct verdict verdict;
	void *judged = ticket;

	verdict_init(&verdict);
	verdict_set(&verdict, VERDICT_ACCEPT, 250, "2.0.0", "%s", "fine");
	verdict_pack(&packed, &verdict);
	ticket = NULL;
	conductor_judged(conductor, judged, 0, text_slice(&packed));
}

static void
on_next(void *arg)
{
	(void)arg;
	if (ticket != NULL)
		judge();
	else if (left > 0 && taken == count)
		submit();
	else if (left == 0 && taken == count && conductor->leaving == 0)
		loop_stop(loop);
	else if (left == 0)
		timer_set(next, 5);
}

int
main(int argc, char *argv[])
{
	const struct conductor_ports ports = { .judge = port_judge,
	    .want = port_want, .answer = port_answer, .relay = port_none,
	    .noted = port_noted, .broken = port_broken,
	    .person = port_person };
	struct conductor_options options = { .hostname = "hub.office.test",
	    .transit_bytes = 1u << 30, .message_bytes = 1u << 26,
	    .settle_seconds = 5, .trail_days = 30, .archive_days = 30,
	    .ballast_bytes = 65536, .free_bytes = 65536,
	    .outbound_per_host = 1, .outbound_most = 1 };
	TEXT_AUTO gateways = TEXT_INIT(64);
	int data, folder;

	if (argc < 8)
		give_up("usage: relay DATA SEGMENT_BYTES SEGMENTS COUNT ACCOUNT "
		    "NOTIFY TO...");
	options.segment_bytes = (uint32_t)strtoul(argv[2], NULL, 10);
	options.segments = (unsigned)strtoul(argv[3], NULL, 10);
	sender_account = strtoull(argv[5], NULL, 10);
	notify = (uint8_t)strtoul(argv[6], NULL, 10);
	to = argv + 7;
	to_count = argc - 7;
	is_each = strcmp(argv[4], "-") == 0;
	left = is_each ? (unsigned)to_count :
	    (unsigned)strtoul(argv[4], NULL, 10);
	data = open(argv[1], O_RDONLY | O_DIRECTORY);
	if (data < 0 || hub_id_read(data, options.hub_id) < 0)
		give_up("no hub there");
	(void)mkdirat(data, "queue", 0700);
	folder = openat(data, "queue", O_RDONLY | O_DIRECTORY);
	loop = loop_new();
	next = loop == NULL ? NULL : timer_new(loop, on_next, NULL);
	if (folder < 0 || next == NULL || zone_open("UTC") < 0 ||
	    conductor_open(folder, &options, &ports, loop, &conductor) < 0)
		give_up("no queue there");
	/* as the keeper has it: none of these domains is a gateway's */
	pack_u32(&gateways, 0);
	if (conductor_gateways(conductor, text_slice(&gateways)) < 0)
		give_up("the queue does not know of gateways");
	timer_set(next, 0);
	(void)loop_run(loop);
	conductor_close(conductor);
	return 0;
}
