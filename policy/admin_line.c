/*
 * admin_line.c - the keeper's answer to line report
 */
#include "policy/admin_inside.h"

#include <errno.h>

#include "policy/line_book.h"

/* An account has LINE_CAUSES + LINE_SAVINGS rows at most, of some 100 bytes. */
#define ROWS_MOST	600

struct report {
	struct admin_work	*work;
	struct text		*rows;		/* of them, but `more` of the last */
	bool			 is_any;
};

static void
end_row(struct report *report, bool more)
{
	if (report->is_any)
		pack_slice(report->rows, slice_str(more ? "yes" : "no"));
	report->is_any = false;
}

static void
add_row(struct report *report, const struct line_account *account,
    const char *what, const char *cause, uint64_t one, uint64_t other)
{
	if (one == 0 && other == 0)
		return;
	end_row(report, false);
	pack_u64(report->rows, account->account);
	pack_slice(report->rows, slice_str(account->address));
	pack_slice(report->rows, slice_str(account->label));
	pack_slice(report->rows, slice_str(what));
	pack_slice(report->rows, slice_str(cause));
	pack_u64(report->rows, one);
	pack_u64(report->rows, other);
	report->work->rows++;
	report->is_any = true;
}

static int
add_account(void *arg, const struct line_account *account)
{
	struct report *report = arg;
	const struct line_counts *counts = &account->counts;

	if (report->work->rows >= ROWS_MOST)
		return 1;
	for (unsigned i = 0; i < LINE_CAUSES; i++)
		add_row(report, account, "carried", line_cause_code(i),
		    counts->carried[i].received, counts->carried[i].sent);
	for (unsigned i = 0; i < LINE_SAVINGS; i++)
		add_row(report, account, "saved", line_saving_code(i),
		    counts->saved[i].bytes, counts->saved[i].messages);
	return 0;
}

enum admin_status
admin_line_report(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct report report = { work, rows, false };
	uint64_t month, from = 0;
	int r;

	if (slice_u64(work->args[ADMIN_REPORT_MONTH], UINT32_MAX, &month) < 0 ||
	    !line_is_month(month)) {
		work->field = ADMIN_REPORT_MONTH;
		return ADMIN_UNFIT;
	}
	if (work->given[ADMIN_REPORT_FROM] && slice_u64(
	    work->args[ADMIN_REPORT_FROM], INT64_MAX, &from) < 0) {
		work->field = ADMIN_REPORT_FROM;
		return ADMIN_UNFIT;
	}
	r = policy_line_each(policy, (unsigned)month, from, add_account,
	    &report);
	end_row(&report, r > 0);
	return admin_status_of(r > 0 ? 0 : r);
}
