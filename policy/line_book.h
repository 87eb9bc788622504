/*
 * line_book.h - what the line has carried, by month, in policy.db
 *
 * One row a month, fetch account and cause; they stay when the account goes.
 * What is added survives the end of every process, not a power cut: what was
 * added last may be missing then, which is some bytes of a budget.
 */
#ifndef POSTROOM_POLICY_LINE_BOOK_H
#define POSTROOM_POLICY_LINE_BOOK_H

#include "policy/accounts.h"
#include "policy/line_counts.h"

#define LINE_MONTH_LEAST	197001	/* as calendar_month() has it */
#define LINE_MONTH_MOST		999912

/* Is it the number of a month? */
bool	line_is_month(uint64_t month);

/*
 * Several additions are one: begin, add each, end.  `account`: 0 for what is of
 * none.  0, or as db.h says; what the end was not told of has not happened.
 */
int	policy_line_begin(struct policy *);
int	policy_line_add(struct policy *, unsigned month, uint64_t account,
	    const struct line_counts *);
/* `r`: 0, or take all of it back and give that. */
int	policy_line_end(struct policy *, int r);

/* Carried in that month, both ways. */
int	policy_line_carried(struct policy *, unsigned month,
	    uint64_t *bytes_out);

/*
 * The newest month before that one for which something was carried, unless the
 * postmaster has had the report of it or of a later one; 0: there is none.
 */
int	policy_line_unreported(struct policy *, unsigned before,
	    unsigned *month_out);
/* The report of that month is with the postmaster; durable. */
int	policy_line_reported(struct policy *, unsigned month);

/* One account's; `label` and `address` are "" when it is gone. */
struct line_account {
	uint64_t		account;
	char			address[ADDRESS_SIZE];
	char			label[ADDRESS_SIZE];
	struct line_counts	counts;
};
/*
 * In order of number, those from `from` on; stops when `fn` is not 0, and
 * answers that.
 */
typedef int policy_line_fn(void *arg, const struct line_account *);
int	policy_line_each(struct policy *, unsigned month, uint64_t from,
	    policy_line_fn *, void *arg);

#endif
