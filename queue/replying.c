/*
 * replying.c - a person answers what they were told of held mail
 *
 * Whose number that is, is found by asking it of each message that is held for
 * them: nothing is kept for it.
 */
#include "queue/replying.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "filters/held_words.h"
#include "lib/base/log.h"
#include "queue/held_link.h"
#include "queue/hold_inside.h"
#include "queue/rows_held.h"

#define HOUR_MS		3600000u
#define LOOKED_MOST	20000	/* held for one person; 30 ms */

_Static_assert(HELD_WORDS_MOST == HELD_PAGE, "all that one mail tells");

/* The numbers of an answer, and what they stand for. */
struct seeking {
	const struct held_words	*words;
	uint64_t		 account;
	unsigned char		 key[ROWS_KEY_BYTES];
	unsigned		 looked;
	unsigned		 found[HELD_WORDS_MOST];
	struct message_id	 id[HELD_WORDS_MOST];
};

int
replying_check(const struct envelope *env)
{
	if (!envelope_is_reply(env))
		return 0;
	if (env->source != SOURCE_SMTP || env->sender_account == 0)
		return -EBADMSG;
	/* a device sends as somebody, but is not that person */
	return env->recipient_count == 1 && env->trust == TRUST_NOBODY ? 0 :
	    -EPERM;
}

static int
on_row(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	struct seeking *seeking = arg;
	uint32_t number;
	int r;

	(void)list;
	(void)count;
	if (seeking->looked++ == LOOKED_MOST)
		return HOLD_WALK_ENDS;
	r = held_link_number(seeking->account, &message->id, seeking->key,
	    &number);
	for (size_t i = 0; r == 0 && i < seeking->words->count; i++)
		if (seeking->words->word[i].number == number) {
			seeking->found[i]++;
			seeking->id[i] = message->id;
		}
	return r;
}

/* 0 or -errno. */
static int
seek(struct conductor *conductor, struct seeking *seeking)
{
	int r = rows_held_key(conductor->rows, seeking->key);

	if (r == 0)
		r = rows_held_of(conductor->rows, seeking->account, NULL,
		    on_row, seeking);
	OPENSSL_cleanse(seeking->key, sizeof(seeking->key));
	return r < 0 ? r : 0;
}

/* Whoever tries numbers is somebody's mail program, taken over, or a door. */
static bool
may_guess(struct conductor *conductor)
{
	uint64_t now = clock_ms();

	if (now - conductor->guessed_ms >= HOUR_MS) {
		conductor->guessed_ms = now;
		conductor->guesses = 0;
	}
	return conductor->guesses < REPLYING_GUESSES;
}

static int
note_subject(void *arg, const struct hold_row *row)
{
	text_add(arg, row->subject);
	return 0;
}

/* Number `i`; its subject is added.  0 or -errno, as conductor_held_take(). */
static int
take(struct conductor *conductor, const struct seeking *seeking, size_t i,
    struct text *subject)
{
	TEXT_AUTO shown = TEXT_INIT(HOLD_SHOWN_BYTES);
	int r;

	if (!may_guess(conductor) || seeking->found[i] > 1)
		return -EAGAIN;		/* its link says which */
	if (seeking->found[i] == 0) {
		conductor->guesses++;
		return -ENOENT;
	}
	r = conductor_held_show(conductor, seeking->account, &seeking->id[i],
	    note_subject, subject, &shown);
	return r < 0 ? r : conductor_held_take(conductor, seeking->account,
	    &seeking->id[i], seeking->words->word[i].is_spam);
}

/* All of them; how many were done, -errno: none could be. */
static int
take_all(struct conductor *conductor, uint64_t account,
    const struct held_words *words, struct text *packed)
{
	struct seeking seeking = { .words = words, .account = account };
	int done = 0, r = seek(conductor, &seeking);

	if (r < 0)
		return r;
	for (size_t i = 0; i < words->count; i++) {
		TEXT_AUTO subject = TEXT_INIT(VERDICT_WORDS_MAX);
		struct held_replied replied = {
			.number = words->word[i].number,
			.is_spam = words->word[i].is_spam
		};

		r = take(conductor, &seeking, i, &subject);
		replied.status = hold_status_of(r);
		if (replied.status == HOLD_LATER && r != -EAGAIN)
			log_say("held messages: %s", strerror(-r));
		replied.subject = text_slice(&subject);
		held_replied_pack(packed, &replied);
		done += r == 0;
	}
	return done;
}

/* It is over: who sent it hears this, and the trail keeps it. */
static void
end(struct transit *transit, unsigned code, const char *status,
    const char *words)
{
	conductor_trail(transit->conductor, transit, code == 250 ?
	    TRAIL_JUDGED : TRAIL_REFUSED, NULL, words);
	conductor_answer(transit->conductor, &transit->asker, code, status,
	    "%s", words);
	arrive_drop(transit);
}

void
replying_do(struct transit *transit, const struct verdict *verdict)
{
	struct conductor *conductor = transit->conductor;
	uint64_t account = transit->env.sender_account;
	TEXT_AUTO packed = TEXT_INIT(HELD_PAGE * 1024);
	TEXT_AUTO said = TEXT_INIT(128);
	struct held_words words;
	int done;

	if (verdict_is_held(verdict) || !held_words_said(verdict, &words)) {
		end(transit, 554, "5.7.1",
		    "an answer about held mail that is held itself");
		return;
	}
	if (words.is_automatic || transit->env.sender.len == 0) {
		end(transit, 250, "2.0.0",
		    "an answer about held mail that no person has written");
		return;
	}
	done = take_all(conductor, account, &words, &packed);
	if (done < 0) {
		log_say("held messages: %s", strerror(-done));
		arrive_put_off(transit, 451, "4.3.0",
		    "held mail cannot be looked up now, try again later");
		return;
	}
	if (conductor->ports.replied != NULL)
		conductor->ports.replied(conductor->ports.arg, account,
		    (uint32_t)words.count, text_slice(&packed));
	text_addf(&said, "an answer about held mail: %d of %zu done", done,
	    words.count);
	text_add_byte(&said, '\0');
	end(transit, 250, "2.0.0", text_failed(&said) ? "done" : said.at);
}
