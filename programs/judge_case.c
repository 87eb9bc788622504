/*
 * judge_case.c - the messages that a judge has in hand
 *
 * The message is read through a mapping that nobody can change under us: a
 * sealed memory file, or a big file that is only ever written by the queue.  A
 * short one is copied, which costs less.  A case is over when nothing is
 * awaited; what is awaited stands in its `awaits`, and nowhere else.
 */
#include "programs/judge_case.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "fetch/service.h"
#include "lib/base/log.h"
#include "lib/base/names.h"
#include "programs/judge_dns.h"

#define READ_MOST	16384		/* bytes of one that is not mapped */
#define NO_SCANNER_MS	20000	/* one that comes back is worth waiting for */
#define ASKED_MORE_MS	20000	/* than who is asked may take */
#define LOOK_MS		1000		/* for whom is missing */
#define ORIGIN_MS	20000	/* RFC 7208 4.6.4: at least so long */
/*
 * The resolver takes 128 of a judge: JUDGE_LISTS_PLACES are for each of twelve
 * lists, and some for the bodies that it compares.
 */
#define LOOKUPS_MOST	40
/* A question is a byte and a name. */
#define QUESTION_BYTES	(DNS_NAME_SIZE + 8)
/* Records of one answer that are handed on; honest ones have fewer. */
#define RECORDS_MOST	NAMES_TEXTS

static const enum names_kind kinds[DNS_KINDS] = {
	[DNS_A] = NAMES_A, [DNS_AAAA] = NAMES_AAAA, [DNS_MX] = NAMES_MX,
	[DNS_PTR] = NAMES_PTR, [DNS_TXT] = NAMES_TXT,
};

enum awaited {
	AWAITS_SCANNER = 1 << 0,
	AWAITS_ORIGIN = 1 << 1,
	AWAITS_LISTS = 1 << 2,
	AWAITS_RSPAMD = 1 << 3,
	AWAITS_PEOPLE = 1 << 4,
};

/* A question to DNS that is under way. */
struct lookup {
	struct judge_case *one;
	unsigned	 part;		/* origin.h */
	struct ipc	*asked;		/* or NULL: it is not */
};

/* A question to the scanner, or through it to an rspamd: forgotten alone. */
struct asking {
	struct judge_case *one;
	struct ipc	*asked;		/* or NULL: it is not */
	uint64_t	 since_ms;
};

struct judge_case {
	TAILQ_ENTRY(judge_case) next;
	struct judge_cases *cases;
	struct arena	*arena;
	struct judging	 judging;
	void		*map;		/* NULL: the bytes are in the arena */
	size_t		 map_bytes;
	int		 fd;
	uint64_t	 serial;	/* of the queue's question */
	unsigned	 awaits;	/* AWAITS_ bits */
	struct asking	 scan, rspamd;
	uint64_t	 scanner_since_ms;	/* nobody could be asked */
	struct origin	*origin;	/* or NULL */
	uint64_t	 origin_since_ms;
	struct lookup	 lookups[ORIGIN_PARTS];
	struct judge_asking *asking;	/* the lists; or NULL */
	struct people_asking *people;	/* the keeper; or NULL */
	struct people_keys keys;	/* that sign it */
	bool		 is_judged;	/* it is being signed */
};

struct judge_cases {
	struct judge_cases_options options;
	struct ipc	*scanner;	/* or NULL */
	struct ipc	*resolver;	/* or NULL */
	unsigned	 lookups;	/* under way, of all cases */
	struct timer	*patience;	/* with who is away */
	TAILQ_HEAD(, judge_case) all;
};

/* It is not asked any more, or answered. */
static void
lookup_end(struct lookup *lookup)
{
	if (lookup->asked == NULL)
		return;
	lookup->asked = NULL;
	lookup->one->cases->lookups--;
}

static void
forget_lookups(struct judge_case *one)
{
	for (unsigned part = 0; part < ORIGIN_PARTS; part++) {
		struct lookup *lookup = &one->lookups[part];

		if (lookup->asked != NULL)
			ipc_forget(lookup->asked, lookup);
		lookup_end(lookup);
	}
}

static void
asking_forget(struct asking *asking)
{
	if (asking->asked != NULL)
		ipc_forget(asking->asked, asking);
	asking->asked = NULL;
}

static void
case_free(struct judge_case *one)
{
	struct judge_cases *cases = one->cases;

	TAILQ_REMOVE(&cases->all, one, next);
	asking_forget(&one->scan);
	asking_forget(&one->rspamd);
	forget_lookups(one);
	judge_lists_forget(one->asking);
	judge_people_forget(one->people);
	origin_free(one->origin);
	if (one->map != NULL)
		(void)munmap(one->map, one->map_bytes);
	if (one->fd >= 0)
		(void)close(one->fd);
	arena_free(one->arena);
	free(one);
}

static void
tell_later(struct judge_cases *cases, uint64_t serial)
{
	struct verdict verdict;

	verdict_init(&verdict);
	verdict_set(&verdict, VERDICT_DEFER, 451, "4.3.0",
	    "the message could not be judged now");
	cases->options.told(cases->options.arg, serial, &verdict);
}

static void	on_people(void *);

/* It goes on its way: true, it is being signed, or sealed. */
static bool
sign(struct judge_case *one)
{
	const struct judge_cases_options *options = &one->cases->options;

	if (one->judging.verdict.action >= VERDICT_DEFER ||
	    options->people == NULL)
		return false;
	one->people = sender_concerns(&one->judging.envelope) ?
	    judge_people_sign(options->people, &one->judging, options->tools,
	    &one->keys, on_people, one) :
	    judge_people_seal(options->people, &one->judging, options->tools,
	    options->judge.host, on_people, one);
	if (one->people == NULL)
		return false;
	one->awaits |= AWAITS_PEOPLE;
	return true;
}

/* Whatever is awaited has come: say the last word. */
static void
go_on(struct judge_case *one)
{
	struct judge_cases *cases = one->cases;
	int r = 0;

	if (one->awaits != 0)
		return;
	if (!one->is_judged) {
		r = judge_end(&one->judging, &cases->options.judge);
		one->is_judged = true;
		if (r == 0 && sign(one))
			return;
	}
	if (r == 0)
		cases->options.told(cases->options.arg, one->serial,
		    &one->judging.verdict);
	else
		tell_later(cases, one->serial);
	case_free(one);
}

/* The scanner */

/* It has the message with every question. */
static void
ask_with(struct judge_case *one, struct asking *asking, uint16_t kind,
    struct slice body, ipc_reply_fn *fn)
{
	struct ipc *scanner = one->cases->scanner;

	*asking = (struct asking){ .one = one, .since_ms = clock_ms() };
	if (ipc_ask(scanner, kind, body, &one->fd, 1, fn, asking) == 0)
		asking->asked = scanner;
}

/* Who is asked says something within `most_ms`: it could not be sent. */
static bool
is_lost(const struct asking *asking, uint64_t most_ms)
{
	return asking->asked != NULL &&
	    clock_ms() - asking->since_ms >= most_ms + ASKED_MORE_MS;
}

static void
scanned(struct judge_case *one, const struct scan_answer *answer)
{
	one->judging.findings.scan = *answer;
	one->awaits &= ~(unsigned)AWAITS_SCANNER;
	go_on(one);
}

static void
not_scanned(struct judge_case *one, const char *why)
{
	const struct scan_answer none = scan_answer_of(SCAN_NOT_SCANNED, "",
	    "%s", why);

	scanned(one, &none);
}

static void
on_scanned(void *arg, int status, struct ipc_message *message)
{
	struct asking *asking = arg;
	struct judge_case *one = asking->one;
	struct scan_answer answer;

	asking->asked = NULL;
	one->scanner_since_ms = clock_ms();
	if (status < 0)		/* it is gone: wait for the next one */
		return;
	if (scan_answer_unpack(message->body, &answer) < 0)
		not_scanned(one, "the scanner's answer makes no sense");
	else
		scanned(one, &answer);
}

static void
ask_scanner(struct judge_case *one)
{
	TEXT_AUTO body = TEXT_INIT(16);

	if ((one->awaits & AWAITS_SCANNER) == 0 ||
	    one->scan.asked != NULL || one->cases->scanner == NULL)
		return;
	pack_u64(&body, one->judging.envelope.bytes);
	ask_with(one, &one->scan, SCAN_MESSAGE, text_slice(&body),
	    on_scanned);
}

/* An rspamd, through the scanner */

static void
rspamd_said(struct judge_case *one, bool is_answer, struct slice said)
{
	struct rspamd_found *found = &one->judging.findings.rspamd;

	if (is_answer)
		rspamd_read(said, found);
	else
		rspamd_none(said, found);
	one->awaits &= ~(unsigned)AWAITS_RSPAMD;
	go_on(one);
}

static void
on_rspamd(void *arg, int status, struct ipc_message *message)
{
	struct asking *asking = arg;
	struct judge_case *one = asking->one;
	struct unpack u;
	struct slice said;
	bool is_answer;

	asking->asked = NULL;
	one->scanner_since_ms = clock_ms();
	if (status < 0)		/* it is gone: wait for the next one */
		return;
	u = unpack_of(message->body);
	is_answer = unpack_bool(&u);
	said = unpack_slice(&u);
	if (!unpack_is_done(&u))
		rspamd_said(one, false, slice_str("the scanner's answer makes "
		    "no sense"));
	else
		rspamd_said(one, is_answer, said);
}

static void
ask_rspamd(struct judge_case *one)
{
	TEXT_AUTO head = TEXT_INIT(RSPAMD_HEAD_MOST);
	TEXT_AUTO body = TEXT_INIT(RSPAMD_HEAD_MOST + 16);

	if ((one->awaits & AWAITS_RSPAMD) == 0 ||
	    one->rspamd.asked != NULL || one->cases->scanner == NULL)
		return;
	rspamd_ask(&head, &one->judging.envelope);
	pack_u64(&body, one->judging.envelope.bytes);
	pack_slice(&body, text_slice(&head));
	if (text_failed(&head) || text_failed(&body))
		return;		/* later, or never: lose_patience() */
	ask_with(one, &one->rspamd, RSPAMD_MESSAGE, text_slice(&body),
	    on_rspamd);
}

/* DNS */

static void	ask_dns(struct judge_case *);

/* Others may have waited for a place. */
static void
ask_dns_for_all(struct judge_cases *cases)
{
	struct judge_case *one;

	TAILQ_FOREACH(one, &cases->all, next)
		ask_dns(one);
}

static void
identified(struct judge_case *one)
{
	struct judge_cases *cases = one->cases;

	origin_end(one->origin, &one->judging.findings.origin);
	one->awaits &= ~(unsigned)AWAITS_ORIGIN;
	go_on(one);
	ask_dns_for_all(cases);
}

static void
on_answer(void *arg, int status, struct ipc_message *message)
{
	struct lookup *lookup = arg;
	struct judge_case *one = lookup->one;
	struct slice records[RECORDS_MOST];
	struct dns_answer answer;

	lookup_end(lookup);
	if (status < 0)		/* it is gone: the next one is asked */
		return;
	judge_dns_read(message->body, records, RECORDS_MOST, &answer);
	origin_answer(one->origin, lookup->part, &answer);
	if (origin_is_decided(one->origin))
		identified(one);
	else
		ask_dns_for_all(one->cases);
}

/* Whatever it wants and is not asked yet, as far as there is room. */
static void
ask_dns(struct judge_case *one)
{
	struct judge_cases *cases = one->cases;

	if ((one->awaits & AWAITS_ORIGIN) == 0 || cases->resolver == NULL)
		return;
	for (unsigned part = 0; part < ORIGIN_PARTS &&
	    cases->lookups < LOOKUPS_MOST; part++) {
		const struct dns_question *question =
		    origin_wants(one->origin, part);
		struct lookup *lookup = &one->lookups[part];
		TEXT_AUTO body = TEXT_INIT(QUESTION_BYTES);

		if (question == NULL || lookup->asked != NULL)
			continue;
		pack_u8(&body, (uint8_t)kinds[question->kind]);
		pack_slice(&body, slice_str(question->name));
		*lookup = (struct lookup){ .one = one, .part = part };
		if (ipc_ask(cases->resolver, RESOLVER_RECORDS,
		    text_slice(&body), NULL, 0, on_answer, lookup) < 0)
			return;
		lookup->asked = cases->resolver;
		cases->lookups++;
	}
}

/* What is not known by now is not told any more. */
static void
give_up_dns(struct judge_case *one)
{
	forget_lookups(one);
	origin_give_up(one->origin);
	identified(one);
}

/* Lists */

static void
on_listed(void *arg, const struct listed_found *found)
{
	struct judge_case *one = arg;

	one->asking = NULL;
	one->judging.findings.listed = *found;
	one->awaits &= ~(unsigned)AWAITS_LISTS;
	go_on(one);
}

static void
ask_lists(struct judge_case *one)
{
	struct judge_lists *lists = one->cases->options.lists;

	if (lists == NULL)
		return;
	one->asking = judge_lists_ask(lists, &one->judging, on_listed,
	    one, &one->judging.findings.listed);
	if (one->asking != NULL)
		one->awaits |= AWAITS_LISTS;
}

/* People */

static void
on_people(void *arg)
{
	struct judge_case *one = arg;

	one->people = NULL;
	one->awaits &= ~(unsigned)AWAITS_PEOPLE;
	go_on(one);
}

/* 0 or -ENOMEM. */
static int
ask_people(struct judge_case *one)
{
	struct judge_people *people = one->cases->options.people;

	if (people == NULL || !sender_concerns(&one->judging.envelope))
		return 0;
	one->people = judge_people_ask(people, &one->judging, &one->keys,
	    on_people, one);
	if (one->people == NULL)
		return -ENOMEM;
	one->awaits |= AWAITS_PEOPLE;
	return 0;
}

void
judge_cases_resolver(struct judge_cases *cases, struct ipc *resolver)
{
	cases->resolver = resolver;
	if (cases->options.lists != NULL)
		judge_lists_resolver(cases->options.lists, resolver);
	ask_dns_for_all(cases);
}

/* No scanner for too long, or no word of it: that is an answer too. */
static void
lose_patience(struct judge_case *one)
{
	const struct judge_cases_options *options = &one->cases->options;

	ask_scanner(one);
	ask_rspamd(one);
	if (is_lost(&one->rspamd, options->rspamd_ms)) {
		asking_forget(&one->rspamd);
		rspamd_said(one, false, slice_str("no answer came"));
		return;
	}
	if (is_lost(&one->scan, options->scan_ms)) {
		asking_forget(&one->scan);
		not_scanned(one, "no answer of the virus scanner came");
		return;
	}
	if (clock_ms() - one->scanner_since_ms < NO_SCANNER_MS)
		return;
	if ((one->awaits & AWAITS_RSPAMD) != 0 && one->rspamd.asked == NULL) {
		rspamd_none(slice_str("who would ask it does not run"),
		    &one->judging.findings.rspamd);
		one->awaits &= ~(unsigned)AWAITS_RSPAMD;
		if (one->awaits == 0) {
			go_on(one);
			return;
		}
	}
	if ((one->awaits & AWAITS_SCANNER) != 0 && one->scan.asked == NULL)
		not_scanned(one, "the virus scanner does not run");
}

static void
on_patience(void *arg)
{
	struct judge_cases *cases = arg;
	struct judge_case *one, *following;

	/* each ends at most itself */
	for (one = TAILQ_FIRST(&cases->all); one != NULL; one = following) {
		following = TAILQ_NEXT(one, next);
		if ((one->awaits & AWAITS_ORIGIN) != 0 &&
		    clock_ms() - one->origin_since_ms >= ORIGIN_MS)
			give_up_dns(one);
		else
			lose_patience(one);
	}
	ask_dns_for_all(cases);
	if (!TAILQ_EMPTY(&cases->all))
		timer_set(cases->patience, LOOK_MS);
}

void
judge_cases_scanner(struct judge_cases *cases, struct ipc *scanner)
{
	struct judge_case *one;

	cases->scanner = scanner;
	TAILQ_FOREACH(one, &cases->all, next) {
		ask_scanner(one);
		ask_rspamd(one);
	}
}

void
judge_cases_lost(struct judge_cases *cases, const struct ipc *lost)
{
	/* those who asked it hear that by themselves */
	if (cases->scanner == lost)
		cases->scanner = NULL;
	if (cases->resolver != lost)
		return;
	cases->resolver = NULL;
	if (cases->options.lists != NULL)
		judge_lists_resolver(cases->options.lists, NULL);
}

/* A message comes */

/* Its bytes; -EBADMSG: it is not what the envelope says. */
static int
read_bytes(struct judge_case *one, uint64_t expected, struct slice *bytes_out)
{
	/* the judge has no fstat(): that call would take names as well */
	off_t bytes = lseek(one->fd, 0, SEEK_END);
	void *at;

	if (bytes < 0)
		return -errno;
	if ((uint64_t)bytes != expected)
		return -EBADMSG;
	at = bytes > READ_MOST ? NULL :
	    arena_alloc(one->arena, (size_t)bytes);
	if (at == NULL || pread(one->fd, at, (size_t)bytes, 0) !=
	    (ssize_t)bytes) {
		at = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE,
		    one->fd, 0);
		if (at == MAP_FAILED)
			return -errno;
		one->map = at;
		one->map_bytes = (size_t)bytes;
	}
	*bytes_out = slice_of(at, (size_t)bytes);
	return 0;
}

static int
begin(struct judge_case *one, struct slice body)
{
	struct envelope env;
	struct slice packed, bytes = { NULL, 0 };
	int r;

	one->arena = arena_new(JUDGE_BUDGET + ENVELOPE_MAX_BYTES * 8);
	if (one->arena == NULL)
		return -ENOMEM;
	r = arena_copy(one->arena, body, &packed);
	if (r == 0)
		r = envelope_unpack(one->arena, packed, &env);
	if (r == 0)
		r = read_bytes(one, env.bytes, &bytes);
	if (r == 0)
		judge_begin(one->arena, bytes, &env,
		    &one->cases->options.judge, &one->judging);
	return r;
}

static void
begin_origin(struct judge_case *one)
{
	const struct judge_cases_options *options = &one->cases->options;

	one->origin = origin_new(options->tools, options->judge.host,
	    &one->judging.envelope, one->judging.message);
	if (one->origin == NULL)	/* memory is out: it is not known */
		return;
	one->awaits |= AWAITS_ORIGIN;
	one->origin_since_ms = clock_ms();
	if (origin_is_decided(one->origin)) {
		origin_end(one->origin, &one->judging.findings.origin);
		one->awaits &= ~(unsigned)AWAITS_ORIGIN;
	}
	ask_dns(one);
}

/* What takes time.  0, or -ENOMEM: it cannot be asked. */
static int
ask_all(struct judge_case *one)
{
	struct judge_cases *cases = one->cases;

	/* what is not taken on anyway need not be scanned */
	if (judge_is_refused(&one->judging))
		return 0;
	if (ask_people(one) < 0)
		return -ENOMEM;
	if (cases->options.scans) {
		one->judging.findings.scan_is_wanted = true;
		one->awaits |= AWAITS_SCANNER;
		one->scanner_since_ms = clock_ms();
		ask_scanner(one);
	}
	if (cases->options.asks_rspamd && judge_may_be_spam(&one->judging)) {
		one->awaits |= AWAITS_RSPAMD;
		one->scanner_since_ms = clock_ms();
		ask_rspamd(one);
	}
	if (cases->options.identifies &&
	    one->judging.envelope.source != SOURCE_OWN)
		begin_origin(one);
	ask_lists(one);
	if (one->awaits != 0 && !timer_is_set(cases->patience))
		timer_set(cases->patience, LOOK_MS);
	return 0;
}

int
judge_cases_take(struct judge_cases *cases, struct ipc_message *message)
{
	struct judge_case *one = calloc(1, sizeof(*one));
	int r;

	if (one == NULL) {
		tell_later(cases, message->serial);
		return 0;
	}
	one->cases = cases;
	one->serial = message->serial;
	one->fd = ipc_take_fd(message, 0);
	TAILQ_INSERT_TAIL(&cases->all, one, next);
	r = begin(one, message->body);
	if (r == 0)
		r = ask_all(one);
	if (r < 0) {
		case_free(one);
		if (r != -EBADMSG)
			tell_later(cases, message->serial);
		return r == -EBADMSG ? r : 0;
	}
	go_on(one);
	return 0;
}

void
judge_cases_forget(struct judge_cases *cases)
{
	struct judge_case *one;

	while ((one = TAILQ_FIRST(&cases->all)) != NULL)
		case_free(one);
}

int
judge_cases_open(const struct judge_cases_options *options,
    struct judge_cases **cases_out)
{
	struct judge_cases *cases = calloc(1, sizeof(*cases));

	if (cases == NULL)
		return -ENOMEM;
	cases->options = *options;
	TAILQ_INIT(&cases->all);
	*cases_out = cases;
	return 0;
}

int
judge_cases_start(struct judge_cases *cases, struct loop *loop)
{
	cases->patience = timer_new(loop, on_patience, cases);
	if (cases->patience == NULL)
		return -ENOMEM;
	if (cases->options.people != NULL &&
	    judge_people_start(cases->options.people, loop) < 0)
		return -ENOMEM;
	return cases->options.lists == NULL ? 0 :
	    judge_lists_start(cases->options.lists, loop);
}
