/*
 * mailbox_spam.c - what the person of a mailbox has said of mail is learnt
 *
 * A lesson is learnt in a later turn of the loop than the move that it is, some
 * milliseconds at a time, and while deliveries wait for their commit none is.
 * The model is marked with each before the index notes it: who ends in between
 * does not learn it twice.  A model that is damaged is begun anew and learns all
 * that the account knows; without a model mail goes where it went.
 */
#include "programs/mailbox_spam.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "filters/spam/spam.h"
#include "lib/base/log.h"
#include "lib/message/header.h"
#include "programs/mailbox_inside.h"
#include "programs/spam_file.h"
#include "queue/session_step.h"
#include "store/learning.h"

#define SOON_MS		100	/* after a move: more of them may come */
#define WAIT_MS		100	/* while deliveries come */
#define STEP_MS		5
#define PAUSE_MS	20	/* between two steps */
#define AGAIN_MS	60000	/* after something has failed */

struct mailbox_spam {
	struct mailbox	*mailbox;
	struct timer	*timer;
	struct spam_features *features;	/* NULL: none are needed now */
	struct spam_file site;		/* read-only; not mapped: there is none
					   that has a say */
	struct spam_file own;		/* the same of the account's */
	int		 own_fd;
	bool		 site_was_tried, own_was_tried;
	struct spam_file mine;		/* while it learns */
	int		 lock;
	struct lesson_due asked;	/* its big file is being */
	bool		 is_asking;
};

/* The site's model as it is now: its owner may have taught it meanwhile. */
static bool
site_has_say(struct mailbox_spam *spam)
{
	struct process *process = spam->mailbox->process;

	if (spam->site.map != NULL && !spam_file_is_whole(process->spam_fd,
	    &spam->site))
		spam_file_close(&spam->site);
	if (!spam->site_was_tried && process->spam_fd >= 0)
		(void)spam_file_map(process->spam_fd, SPAM_TO_LOOK,
		    &spam->site);
	spam->site_was_tried = true;
	return spam->site.map != NULL &&
	    spam_model_class(&spam->site.model, 0) != SPAM_UNTRAINED;
}

/* Of what was read last. */
static double
score_of(const struct mailbox_spam *spam, const struct spam_model *model)
{
	return spam_model_score(model, spam_features_hashes(spam->features),
	    spam_features_count(spam->features));
}

static double
site_score(struct mailbox_spam *spam)
{
	return site_has_say(spam) ? score_of(spam, &spam->site.model) : 0;
}

static void
close_own(struct mailbox_spam *spam)
{
	spam_file_close(&spam->own);
	if (spam->own_fd >= 0)
		(void)close(spam->own_fd);
	spam->own_fd = -1;
}

/* Has its person taught anything?  One that is damaged has no say. */
static bool
own_has_say(struct mailbox_spam *spam)
{
	if (spam->own.map != NULL && !spam_file_is_whole(spam->own_fd,
	    &spam->own))
		close_own(spam);
	if (!spam->own_was_tried)
		spam->own_fd = openat(spam->mailbox->process->folder_fd,
		    SPAM_FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (!spam->own_was_tried && spam->own_fd >= 0)
		(void)spam_file_map(spam->own_fd, SPAM_TO_LOOK, &spam->own);
	spam->own_was_tried = true;
	return spam->own.map != NULL;
}

static int
read_features(struct mailbox_spam *spam, struct slice message)
{
	if (spam->features == NULL)
		spam->features = spam_features_new();
	return spam->features == NULL ? -ENOMEM :
	    spam_features_read(spam->features, message);
}

static void
close_mine(struct mailbox_spam *spam)
{
	spam_file_close(&spam->mine);
	if (spam->lock >= 0)
		(void)close(spam->lock);
	spam->lock = -1;
}

/* To learn; a new one has to learn all that the account knows.  0 or -errno. */
static int
open_mine(struct mailbox_spam *spam)
{
	struct mailbox *mailbox = spam->mailbox;
	int folder = mailbox->process->folder_fd, r;
	int64_t now = (int64_t)time(NULL);
	bool is_new = false;

	r = spam_file_learn(folder, SPAM_BITS_PERSON, now, &spam->mine,
	    &spam->lock, &is_new);
	if (r == -EBADMSG) {
		log_say("what this mailbox has learnt of spam was damaged; it "
		    "learns anew");
		if (unlinkat(folder, SPAM_FILE_NAME, 0) < 0)
			return -errno;
		r = spam_file_learn(folder, SPAM_BITS_PERSON, now,
		    &spam->mine, &spam->lock, &is_new);
	}
	close_own(spam);		/* it may be another file now */
	spam->own_was_tried = false;
	if (r == 0 && is_new) {
		r = learning_anew(mailbox->account);
		if (r < 0) {	/* a model that is there is taken for full */
			(void)unlinkat(folder, SPAM_FILE_NAME, 0);
			close_mine(spam);
		}
	}
	return r;
}

/* What was read last is a lesson. */
static void
teach(struct mailbox_spam *spam, bool is_spam, bool is_opposite)
{
	const uint32_t *hashes = spam_features_hashes(spam->features);
	size_t count = spam_features_count(spam->features);
	double site = site_score(spam);

	if (is_opposite)
		spam_model_take_back(&spam->mine.model, site, hashes, count,
		    !is_spam, SPAM_RATE_CLICKS);
	(void)spam_model_learn_beside(&spam->mine.model, site, hashes, count,
	    is_spam, SPAM_RATE_CLICKS, (int64_t)time(NULL));
}

/* A letter that was read and kept, beside one that is spam.  0 or -errno. */
static int
teach_kept(struct mailbox_spam *spam, uint64_t *kept_out)
{
	struct account *account = spam->mailbox->account;
	struct letter_bytes bytes;
	uint64_t letter;
	int r = learning_kept(account, &letter);

	if (r <= 0)
		return r;
	r = learning_read(account, letter, &bytes);
	if (r < 0 || bytes.is_big)	/* another one another time */
		return r == -ENOMEM || r == -EIO ? r : 0;
	r = read_features(spam, bytes.body);
	if (r < 0)
		return r;
	teach(spam, false, false);
	*kept_out = letter;
	return 0;
}

/* The next time it is said of this letter, it is another lesson. */
static uint64_t
mark_of(const struct lesson_due *due)
{
	return due->letter << 1 | (due->is_spam ? 1 : 0);
}

static int
teach_due(struct mailbox_spam *spam, const struct lesson_due *due,
    struct slice message)
{
	uint64_t kept = 0;
	int r = read_features(spam, message);

	if (r < 0)
		return r;
	teach(spam, due->is_spam, due->is_opposite);
	spam_model_set_mark(&spam->mine.model, mark_of(due));
	if (due->is_spam)
		r = teach_kept(spam, &kept);
	return r < 0 ? r : learning_done(spam->mailbox->account, due, kept);
}

static bool
is_unreadable(int r)
{
	return r == -ENOENT || r == -EUCLEAN || r == -EBADMSG;
}

/* The begin of the big message in `fd`; more of it is not looked at. */
static int
teach_big(struct mailbox_spam *spam, const struct lesson_due *due, int fd)
{
	char *bytes = malloc(SPAM_MESSAGE_MOST);
	ssize_t n;
	int r;

	if (bytes == NULL)
		return -ENOMEM;
	n = pread(fd, bytes, SPAM_MESSAGE_MOST, 0);
	r = n < 0 ? -errno : open_mine(spam);
	if (r == 0)
		r = teach_due(spam, due, slice_of(bytes, (size_t)n));
	close_mine(spam);
	free(bytes);
	return r;
}

static void
go_on(struct mailbox_spam *spam, int r)
{
	mailbox_broken(r);
	/* somebody else teaches it: postroom spam learn --for */
	if (r < 0 && r != -EWOULDBLOCK)
		log_say("what was said of spam is learnt later: %s",
		    strerror(-r));
	timer_set(spam->timer, r < 0 ? AGAIN_MS : PAUSE_MS);
}

static void
on_big(void *arg, int status, struct ipc_message *message)
{
	struct mailbox_spam *spam = arg;
	struct mailbox *mailbox = spam->mailbox;
	struct unpack u;
	int fd = -1, r;

	spam->is_asking = false;
	if (mailbox->account == NULL)
		return;		/* we are leaving: the next of us learns it */
	if (status < 0) {	/* the queue is gone: another is asked */
		timer_set(spam->timer, AGAIN_MS);
		return;
	}
	u = unpack_of(message->body);
	if (unpack_i64(&u) == 0 && unpack_is_done(&u))
		fd = ipc_take_fd(message, 0);
	/* a file that is not there is a letter that cannot be learnt */
	r = fd < 0 ? learning_done(mailbox->account, &spam->asked, 0) :
	    teach_big(spam, &spam->asked, fd);
	if (fd >= 0)
		(void)close(fd);
	go_on(spam, r);
}

static int
ask_big(struct mailbox_spam *spam, const struct lesson_due *due,
    const struct message_id *big)
{
	struct ipc *queue = spam->mailbox->queue;
	int r = queue == NULL ? -ENOTCONN : ipc_ask(queue, QUEUE_OPEN_BIG,
	    slice_of(big->bytes, MESSAGE_ID_BYTES), NULL, 0, on_big, spam);

	spam->asked = *due;
	spam->is_asking = r == 0;
	return r;
}

/* 1: on to the next, 0: an answer is waited for, or -errno. */
static int
learn_one(struct mailbox_spam *spam, const struct lesson_due *due)
{
	struct account *account = spam->mailbox->account;
	struct letter_bytes bytes;
	int r = 0;

	if (spam_model_mark(&spam->mine.model) != mark_of(due))
		r = learning_read(account, due->letter, &bytes);
	else	/* we ended before that was noted */
		bytes = (struct letter_bytes){ 0 };
	if (is_unreadable(r) || (r == 0 && bytes.body_bytes == 0))
		r = learning_done(account, due, 0);
	else if (r == 0 && bytes.is_big)
		return ask_big(spam, due, &bytes.big);
	else if (r == 0)
		r = teach_due(spam, due, bytes.body);
	return r < 0 ? r : 1;
}

/* Lessons for some milliseconds.  As learn_one(); 0 too when none is due. */
static int
learn_some(struct mailbox_spam *spam)
{
	struct account *account = spam->mailbox->account;
	uint64_t until = clock_ms() + STEP_MS;
	struct lesson_due due;
	int r = learning_next(account, &due);

	if (r <= 0)
		return r;
	r = open_mine(spam);
	while (r == 0) {
		r = learning_next(account, &due);
		if (r > 0)
			r = learn_one(spam, &due);
		if (r <= 0 || clock_ms() >= until)
			break;
		r = 0;
	}
	close_mine(spam);
	return r;
}

static void
on_time(void *arg)
{
	struct mailbox_spam *spam = arg;
	int r;

	if (spam->is_asking)
		return;		/* and its answer goes on */
	if (spam->mailbox->open_count > 0) {
		timer_set(spam->timer, WAIT_MS);
		return;
	}
	r = learn_some(spam);
	if (r != 0)
		go_on(spam, r);
}

int
mailbox_spam_begin(struct mailbox *mailbox)
{
	struct process *process = mailbox->process;
	struct mailbox_spam *spam;

	if (spam_action_of(slice_str(process->config.spam_action)) ==
	    SPAM_ACTION_OFF)
		return 0;
	spam = calloc(1, sizeof(*spam));
	if (spam == NULL)
		return -ENOMEM;
	spam->mailbox = mailbox;
	spam->lock = spam->own_fd = -1;
	spam->timer = timer_new(process->loop, on_time, spam);
	if (spam->timer == NULL) {
		free(spam);
		return -ENOMEM;
	}
	mailbox->spam = spam;
	timer_set(spam->timer, SOON_MS);
	return 0;
}

void
mailbox_spam_changed(struct mailbox *mailbox)
{
	struct mailbox_spam *spam = mailbox->spam;

	if (spam != NULL && learning_is_due(mailbox->account) &&
	    !timer_is_set(spam->timer))
		timer_set(spam->timer, SOON_MS);
}

void
mailbox_spam_rest(struct mailbox *mailbox)
{
	struct mailbox_spam *spam = mailbox->spam;

	if (spam == NULL)
		return;
	spam_features_free(spam->features);
	spam->features = NULL;
	spam_file_close(&spam->site);
	close_own(spam);
	spam->site_was_tried = spam->own_was_tried = false;
}

/* The judges tell what they think of it, unless it is our own people's. */
static bool
was_judged(struct slice trace)
{
	struct header_field field;

	return header_find(trace, "X-Postroom-Spam", &field);
}

/* The line goes where theirs are: above Received. */
static void
add_line(struct text *to, struct slice trace, enum spam_class class,
    double site, double own)
{
	struct slice rest = trace;
	struct header_field field;
	size_t at = trace.len;

	while (at == trace.len && header_next(&rest, &field))
		if (slice_is_word(field.name, "Received"))
			at = (size_t)(field.whole.at - trace.at);
	text_add(to, slice_first(trace, at));
	text_addf(to, "X-Postroom-Spam-Mailbox: %s, e^%.2f; the site: e^%.2f, "
	    "taught here: %+.2f\r\n", spam_class_name(class), site + own, site,
	    own);
	text_add(to, slice_after(trace, at));
}

bool
mailbox_spam_file(struct mailbox *mailbox, struct delivery *delivery,
    struct text *trace)
{
	struct mailbox_spam *spam = mailbox->spam;
	const char *action = mailbox->process->config.spam_action;
	enum spam_class class, before;
	double site, own;
	bool is_in_junk;

	/* a person has said what this one is */
	if (spam == NULL || delivery->is_released || delivery->is_decided ||
	    delivery->is_big ||
	    !own_has_say(spam) || !site_has_say(spam) ||
	    !was_judged(delivery->trace) ||
	    read_features(spam, delivery->body) < 0)
		return false;
	site = score_of(spam, &spam->site.model);
	own = score_of(spam, &spam->own.model);
	before = spam_model_class(&spam->site.model, site);
	class = spam_model_class(&spam->site.model, site + own);
	add_line(trace, delivery->trace, class, site, own);
	if (!text_failed(trace))
		delivery->trace = text_slice(trace);
	if (spam_action_of(slice_str(action)) != SPAM_ACTION_JUNK ||
	    (class == SPAM_SPAM) == (before == SPAM_SPAM))
		return false;
	is_in_junk = slice_is_str(delivery->folder, SPAM_FOLDER);
	if (class == SPAM_SPAM ? delivery->folder.len > 0 : !is_in_junk)
		return false;
	delivery->folder = class == SPAM_SPAM ? slice_str(SPAM_FOLDER) :
	    slice_of("", 0);
	return true;
}

void
mailbox_spam_tell(struct mailbox *mailbox, const struct delivery *delivery)
{
	bool is_spam = delivery->folder.len > 0;
	const struct session_step step = {
		.ids = slice_of(delivery->id.bytes, MESSAGE_ID_BYTES),
		.word = slice_str(is_spam ? SESSION_SPAM : SESSION_WANTED),
		.who = slice_str("this mailbox's spam filter"),
		.mailbox = slice_str(is_spam ? SPAM_FOLDER : "INBOX"),
	};
	TEXT_AUTO body = TEXT_INIT(1024);

	session_step_pack(&body, &step);
	/* it is done all the same; the trail has a line less */
	if (mailbox->queue != NULL)
		(void)ipc_send(mailbox->queue, QUEUE_STEP, text_slice(&body),
		    NULL, 0);
}
