/*
 * before_rules.h - what is done with a message before it is downloaded
 *
 * The rules of one fetch account.  Their stored form is text, one rule a line,
 * which is also how they are typed; the first one that is true decides, and
 * what none decides is taken now.
 *
 *	TEST [and TEST ...] -> ACTION
 *
 *	size > 5MiB		or <; K, M and G stand for KiB, MiB and GiB
 *	age > 30d		or <; days or weeks since it came there: its
 *				newest Received, else its Date
 *	from contains "TEXT"	also to (To and Cc), subject, header NAME;
 *				contains, equals, begins, or not one of these;
 *				quotes may be left out where TEXT has no " and "
 *	any			every message
 *
 *	now			take it
 *	night			take it in the line's window of that name
 *	leave			leave it there, as long as this rule stands
 *	delete			keep a note of it here, and delete it there
 *	placeholder		show a note of it here, and take it by night
 *
 * Texts are compared as people read them: decoded (RFC 2047), ASCII letters of
 * either case alike.  A sender who is "equals" is the address, or all of the
 * field.  A message of unknown size or age is neither above nor below.
 *
 * Notes are of one person's mail: in a mailbox for many (DomainPOP) "delete" is
 * "now" and "placeholder" is "night".
 */
#ifndef POSTROOM_POLICY_BEFORE_RULES_H
#define POSTROOM_POLICY_BEFORE_RULES_H

#include "lib/base/arena.h"
#include "lib/base/say.h"
#include "lib/base/text.h"

/* What a person can oversee. */
#define BEFORE_RULES_MOST	32
#define BEFORE_TESTS_MOST	4	/* of one rule */
#define BEFORE_WORD_MOST	128	/* bytes of a TEXT, a NAME */
#define BEFORE_TEXT_MOST	(16 * 1024)
#define BEFORE_AGE_MOST		36500	/* days */
/* Enough for the rules of the longest text. */
#define BEFORE_ARENA		(64 * 1024)

enum before_action { BEFORE_NOW, BEFORE_NIGHT, BEFORE_LEAVE, BEFORE_DELETE,
    BEFORE_PLACEHOLDER, BEFORE_ACTION_COUNT };
enum before_what { BEFORE_ANY, BEFORE_SIZE, BEFORE_AGE, BEFORE_FROM, BEFORE_TO,
    BEFORE_SUBJECT, BEFORE_HEADER, BEFORE_WHAT_COUNT };
enum before_how { BEFORE_ABOVE, BEFORE_BELOW, BEFORE_CONTAINS, BEFORE_EQUALS,
    BEFORE_BEGINS, BEFORE_HOW_COUNT };

struct before_test {
	enum before_what	what;
	enum before_how		how;
	bool			is_not;	/* of a text */
	uint64_t		number;	/* bytes, or days */
	struct slice		name;	/* of BEFORE_HEADER */
	struct slice		text;
};

struct before_rule {
	struct before_test	tests[BEFORE_TESTS_MOST];
	unsigned		test_count;
	enum before_action	action;
};

/* Slices point into the arena that they were read with. */
struct before_rules {
	struct before_rule	rules[BEFORE_RULES_MOST];
	unsigned		rule_count;
};

/* What is wrong, for the person who typed it. */
struct before_fault {
	unsigned	 line;		/* which rule, from 1; 0: all of them */
	enum sentence	 want;		/* what would be right */
};

/* Read the text form.  0, -EINVAL (*fault_out says why) or -ENOBUFS. */
int	before_rules_read(struct arena *, struct slice text,
	    struct before_rules *rules_out, struct before_fault *fault_out);
/* Add the text form; one rule, without a line end. */
void	before_rules_write(struct text *, const struct before_rules *);
void	before_rule_write(struct text *, const struct before_rule *);

/* What is known of a message. */
struct before_message {
	uint64_t	bytes;		/* 0: not known */
	bool		has_header;	/* it has been read, or cannot be had */
	struct slice	header;		/* empty: it cannot be had */
	int64_t		now_utc_s;
};

enum before_answer {
	BEFORE_DECIDED,
	BEFORE_WANTS_HEADER	/* its size does not decide */
};
/*
 * What is to be done with it; *rule_out: which rule says so, NULL: none does.
 * Both are set when it is decided.
 */
enum before_answer before_rules_judge(const struct before_rules *,
	    const struct before_message *, enum before_action *action_out,
	    const struct before_rule **rule_out);

#endif
