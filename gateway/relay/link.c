/*
 * link.c - connections to remote hosts, and those that wait for the next message
 *
 * One value says whose a link is: the message's that it was opened for, nobody's
 * while it waits, or its own until its end.  It is freed from the loop alone, so
 * whoever is in the middle of it finds it dead, and not gone.  One that the host
 * has made (link_turn.c) walks the same states as ours.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "gateway/relay/link_inside.h"

#define READS_OF_TURN	8
#define RESET_MS	30000	/* for the reply to RSET */
#define QUIT_MS		2000	/* manners: nobody waits for that one */
#define TURN_IDLE_MS	60000	/* the queue has its next message sooner */

const struct relay_waits relay_waits = {
	.connect = 30000, .open = 300000, .mail = 300000, .rcpt = 300000,
	.data = 120000, .block = 180000, .end = 600000,
	.whole = 600000, .whole_rcpt = 10000, .whole_kib = 1000,
};

/* Ends */

void
link_set(struct relay_link *link, enum link_is is)
{
	/* those that hosts have made are theirs to end */
	if (link->turn == 0) {
		link->links->idle -= link->is == LINK_IDLE;
		link->links->idle += is == LINK_IDLE;
	}
	link->is = is;
}

static bool
is_up(const struct relay_link *link)
{
	return link->talk != NULL || link->stream != NULL;
}

int
link_say(struct relay_link *link, struct slice bytes)
{
	int r;

	if (link->talk != NULL)
		return talk_write(link->talk, bytes);
	if (link->stream == NULL)
		return -ENOTCONN;
	r = stream_write(link->stream, bytes);
	if (r == 0)
		stream_tell_drained(link->stream);
	return r;
}

void
link_free(struct relay_link *link)
{
	LIST_REMOVE(link, next);
	talk_free(link->talk);
	stream_free(link->stream);
	timer_free(link->clock);
	free(link);
}

static void
on_burial(void *arg)
{
	struct relay_links *links = arg;
	struct relay_link *link, *following;

	for (link = LIST_FIRST(&links->all); link != NULL; link = following) {
		following = LIST_NEXT(link, next);
		if (link->is == LINK_DEAD)
			link_free(link);
	}
}

/* What is to be known of it afterwards stays. */
static void
hang_up(struct relay_link *link)
{
	const char *words;

	if (link->stream != NULL) {
		stream_free(link->stream);
		link->stream = NULL;
		timer_stop(link->clock);
	}
	if (link->talk == NULL)
		return;
	words = talk_tls_words(link->talk);
	(void)slice_cstr(slice_first(slice_str(words),
	    sizeof(link->tls_words) - 1), link->tls_words,
	    sizeof(link->tls_words));
	link->was_reached = link->was_reached ||
	    talk_peer(link->talk)[0] != '\0';
	talk_free(link->talk);
	link->talk = NULL;
	timer_stop(link->clock);
}

static void
die(struct relay_link *link)
{
	bool is_news = link->turn != 0 && link->is != LINK_DEAD;

	hang_up(link);
	link_set(link, LINK_DEAD);
	timer_set(link->links->burial, 0);
	if (is_news)
		link->links->turn_over(link->links->turn_arg, link->turn);
}

void
link_quit(struct relay_link *link)
{
	if (!is_up(link) || link_say(link, slice_str("QUIT\r\n")) < 0) {
		die(link);
		return;
	}
	link_set(link, LINK_QUITTING);
	timer_set(link->clock, QUIT_MS);
}

/* Waiting */

/* The one that has waited longest; new ones stand first. */
static void
quit_oldest(struct relay_links *links)
{
	struct relay_link *link, *oldest = NULL;

	LIST_FOREACH(link, &links->all, next)
		if (link->is == LINK_IDLE && link->turn == 0)
			oldest = link;
	if (oldest != NULL)
		link_quit(oldest);
}

/* It has said something that nobody has asked: there is no telling what is next. */
static bool
says_more(const struct relay_link *link)
{
	return link->len > 0 || link->hearing.lines > 0;
}

static void
wait_for_next(struct relay_link *link)
{
	bool is_old = link->messages >= RELAY_LINK_MESSAGES ||
	    clock_ms() - link->since_ms >= RELAY_LINK_LIFE_MS;

	if (!is_up(link) || says_more(link) ||
	    (link->turn == 0 ? is_old : link->is_last)) {
		link_quit(link);
		return;
	}
	link_set(link, LINK_IDLE);
	if (link->turn != 0) {
		timer_set(link->clock, TURN_IDLE_MS);
		return;
	}
	LIST_REMOVE(link, next);
	LIST_INSERT_HEAD(&link->links->all, link, next);
	timer_set(link->clock, RELAY_LINK_IDLE_MS);
	if (link->links->idle > RELAY_LINKS_IDLE)
		quit_oldest(link->links);
}

static void
reset(struct relay_link *link)
{
	if (says_more(link)) {
		/* that would pass for the reply to RSET */
		link_quit(link);
		return;
	}
	if (!is_up(link) || link_say(link, slice_str("RSET\r\n")) < 0) {
		die(link);
		return;
	}
	link_set(link, LINK_RESETTING);
	timer_set(link->clock, RESET_MS);
}

static bool
has_owner(const struct relay_link *link)
{
	return link->turn != 0 ? link->is_owned : link->is < LINK_RESETTING;
}

void
link_ready(struct relay_link *link)
{
	timer_stop(link->clock);
	if (!has_owner(link)) {
		wait_for_next(link);
		return;
	}
	link_set(link, LINK_BUSY);
	link->events.opened(link->events.arg);
}

void
link_on_clock(void *arg)
{
	struct relay_link *link = arg;

	if (link->is == LINK_OPENED) {
		link_set(link, LINK_BUSY);
		link->events.opened(link->events.arg);
	} else if (link->is == LINK_IDLE) {
		link_quit(link);
	} else if (link->turn != 0 && has_owner(link)) {
		link_broke(link, TALK_TIMED_OUT, slice_of("", 0));
	} else {
		die(link);
	}
}

/* Hearing */

static void
said(struct relay_link *link, const struct relay_said *words)
{
	if (link->is == LINK_OPENING)
		link_greeted(link, words);
	else if (link->is == LINK_BUSY)
		link->events.said(link->events.arg, words);
	else if (link->is == LINK_RESETTING && words->code == 250)
		link_ready(link);
	else if (link->is == LINK_OPENED)
		/* it was not asked anything: 421, most likely */
		hang_up(link);
	else
		die(link);
}

void
link_broke(struct relay_link *link, enum talk_fault fault, struct slice words)
{
	/* the words may be those of the talk: who hears them hangs up */
	if (has_owner(link))
		link->events.broke(link->events.arg, fault, words);
	else
		die(link);
}

/* The next reply. */
static enum relay_heard
hear_one(struct relay_link *link, struct slice *rest, struct relay_said *words)
{
	return link->turn == 0 || link->is != LINK_OPENING ?
	    relay_hear(&link->hearing, rest, words) :
	    link_hear_greeting(link, rest, words);
}

void
link_hear(struct relay_link *link)
{
	struct slice rest = slice_of(link->input, link->len);
	enum relay_heard is = RELAY_WHOLE;
	struct relay_said words;

	while (is == RELAY_WHOLE && is_up(link)) {
		is = hear_one(link, &rest, &words);
		link->unheard = rest.len;
		/* whoever takes it over now begins with nothing */
		link->len = rest.len;
		if (is == RELAY_WHOLE)
			said(link, &words);
	}
	if (!is_up(link))
		return;
	memmove(link->input, rest.at, rest.len);
	if (is == RELAY_NONSENSE)
		link_broke(link, TALK_NONSENSE,
		    slice_str("what it said is not SMTP"));
}

static void
on_readable(void *arg)
{
	struct relay_link *link = arg;
	int n = 1;

	for (unsigned i = 0; i < READS_OF_TURN && n > 0 &&
	    link->talk != NULL; i++) {
		n = talk_read(link->talk, link->input + link->len,
		    sizeof(link->input) - link->len);
		if (n <= 0)
			break;
		link->len += (size_t)n;
		link_hear(link);
	}
	/* between two messages its words are nobody's */
	if (link->is == LINK_OPENED && link->talk == NULL)
		link_broke(link, TALK_CLOSED, slice_of("", 0));
}

void
link_on_drained(void *arg)
{
	struct relay_link *link = arg;

	if (link->is == LINK_BUSY)
		link->events.drained(link->events.arg);
}

static void
on_line(void *arg, struct slice line)
{
	struct relay_link *link = arg;

	relay_offer_line(&link->offer, line);
}

static void
on_opened(void *arg)
{
	struct relay_link *link = arg;

	link->was_reached = true;
	link_set(link, LINK_BUSY);
	link->events.opened(link->events.arg);
}

static void
on_failed(void *arg, enum talk_fault fault, struct slice words)
{
	struct relay_link *link = arg;

	/* once it is open they are those of its beginning */
	if (link->is != LINK_OPENING)
		words = slice_of("", 0);
	link_broke(link, fault, words);
}

/* Opening */

static bool
is_same(const char *one, const char *two)
{
	return strcmp(one, two == NULL ? "" : two) == 0;
}

/*
 * The password is compared, too: who has the name only, or an old one, has not
 * logged in.  0 or -EIO.
 */
static int
print_secret(const struct relay_target *target,
    unsigned char print_out[LINK_SECRET_BYTES])
{
	const char *password = target->password == NULL ? "" :
	    target->password;

	return EVP_Digest(password, strlen(password), print_out, NULL,
	    EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

/* One that waits, or NULL. */
static struct relay_link *
find_idle(struct relay_links *links, const struct relay_target *target)
{
	unsigned char dane[TALK_PRINT_BYTES], secret[LINK_SECRET_BYTES];
	struct relay_link *link;

	talk_dane_print(target->dane, dane);
	if (print_secret(target, secret) < 0)
		return NULL;
	LIST_FOREACH(link, &links->all, next)
		if (link->is == LINK_IDLE && link->turn == 0 &&
		    link->port == target->port &&
		    link->is_near == target->is_near &&
		    link->tls == target->tls &&
		    memcmp(link->dane, dane, sizeof(dane)) == 0 &&
		    is_same(link->host, target->host) &&
		    is_same(link->user, target->user) &&
		    CRYPTO_memcmp(link->secret, secret, LINK_SECRET_BYTES) == 0 &&
		    is_same(link->whose, target->whose))
			return link;
	return NULL;
}

static int
open_talk(struct relay_link *link, const struct relay_target *target)
{
	return talk_open(link->links->hall, &(struct talk_options){
		.scheme = "smtp", .host = target->host,
		.port = target->port, .addresses = target->addresses,
		.tls = target->tls, .dane = target->dane,
		.login = target->user != NULL ?
		    TALK_LOGIN_ANY : TALK_LOGIN_NONE,
		.called = target->called, .user = target->user,
		.password = target->password,
		.connect_ms = target->waits->connect,
		.open_ms = target->waits->open,
		.counts = target->is_near ? NULL : &link->links->counts,
		.is_paced = !target->is_near
	}, &(struct talk_events){
		.arg = link, .line = on_line, .opened = on_opened,
		.readable = on_readable, .drained = link_on_drained,
		.failed = on_failed
	}, &link->talk);
}

static int
link_new(struct relay_links *links, const struct relay_target *target,
    struct relay_link **link_out)
{
	const char *user = target->user == NULL ? "" : target->user;
	struct relay_link *link = calloc(1, sizeof(*link));
	int r = -ENOMEM;

	if (link == NULL)
		return -ENOMEM;
	link->links = links;
	link->port = target->port;
	link->is_near = target->is_near;
	link->tls = target->tls;
	talk_dane_print(target->dane, link->dane);
	link->since_ms = clock_ms();
	LIST_INSERT_HEAD(&links->all, link, next);
	link->clock = timer_new(links->loop, link_on_clock, link);
	if (link->clock != NULL)
		r = print_secret(target, link->secret);
	if (r == 0)
		r = slice_cstr(slice_str(target->host), link->host,
		    sizeof(link->host)) < 0 || slice_cstr(slice_str(user),
		    link->user, sizeof(link->user)) < 0 ||
		    slice_cstr(slice_str(target->whose == NULL ? "" :
		    target->whose), link->whose, sizeof(link->whose)) < 0 ?
		    -EINVAL :
		    open_talk(link, target);
	if (r < 0) {
		link_free(link);
		return r;
	}
	*link_out = link;
	return 0;
}

int
relay_link_open(struct relay_links *links, const struct relay_target *target,
    bool fresh, const struct relay_link_events *events,
    struct relay_link **link_out)
{
	struct relay_link *link = fresh || target->turn != 0 ? NULL :
	    find_idle(links, target);
	int r = 0;

	if (target->turn != 0) {
		r = link_take_turn(links, target->turn, &link);
	} else if (link != NULL) {
		link_set(link, LINK_OPENED);
		timer_set(link->clock, 0);
	} else {
		r = link_new(links, target, &link);
	}
	if (r < 0)
		return r;
	link->messages++;
	link->events = *events;
	*link_out = link;
	return 0;
}

const struct relay_offer *
relay_link_offer(const struct relay_link *link)
{
	return &link->offer;
}

bool
relay_link_is_used(const struct relay_link *link)
{
	/* a host that has made it cannot be asked for another */
	return link->turn == 0 && link->messages > 1;
}

bool
relay_link_has_more(const struct relay_link *link)
{
	return link->unheard > 0;
}

int
relay_link_write(struct relay_link *link, struct slice bytes)
{
	return is_up(link) ? link_say(link, bytes) : 0;
}

size_t
relay_link_waiting(const struct relay_link *link)
{
	return link->talk != NULL ? talk_waiting(link->talk) :
	    link->stream != NULL ? stream_waiting(link->stream) : 0;
}

bool
relay_link_was_reached(const struct relay_link *link)
{
	return link->was_reached || (link->talk != NULL &&
	    talk_peer(link->talk)[0] != '\0');
}

const char *
relay_link_tls(const struct relay_link *link)
{
	return link->talk == NULL ? link->tls_words :
	    talk_tls_words(link->talk);
}

void
relay_link_leave(struct relay_link *link, enum relay_leaving how)
{
	if (link == NULL)
		return;
	timer_stop(link->clock);
	link->is_owned = false;
	if (link->is == LINK_OPENING || how == RELAY_DROP)
		die(link);
	else if (how == RELAY_KEEP)
		wait_for_next(link);
	else if (how == RELAY_RESET)
		reset(link);
	else
		link_quit(link);
}

struct talk_counts *
relay_links_counts(struct relay_links *links)
{
	return &links->counts;
}

struct relay_links *
relay_links_new(struct talk_hall *hall, struct loop *loop)
{
	struct relay_links *links = calloc(1, sizeof(*links));

	if (links == NULL)
		return NULL;
	links->hall = hall;
	links->loop = loop;
	LIST_INIT(&links->all);
	links->burial = timer_new(loop, on_burial, links);
	if (links->burial == NULL) {
		free(links);
		return NULL;
	}
	return links;
}

void
relay_links_free(struct relay_links *links)
{
	struct relay_link *link;

	if (links == NULL)
		return;
	while ((link = LIST_FIRST(&links->all)) != NULL)
		link_free(link);
	timer_free(links->burial);
	free(links);
}
