/*
 * line_sheet.c - what was carried and has not been written down yet
 */
#include "fetch/line_sheet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct key {
	uint64_t	month, account;
};

struct row {
	struct key		key;
	struct line_counts	fresh;		/* not under way */
	struct line_counts	under_way;
	bool			is_under_way;
	UT_hash_handle		hh;
};

struct line_sheet {
	struct row	*rows;
	bool		 is_under_way;	/* some of them */
};

struct line_sheet *
line_sheet_new(void)
{
	return calloc(1, sizeof(struct line_sheet));
}

static void
row_drop(struct line_sheet *sheet, struct row *row)
{
	HASH_DEL(sheet->rows, row);
	free(row);
}

void
line_sheet_free(struct line_sheet *sheet)
{
	struct row *row, *following;

	if (sheet == NULL)
		return;
	HASH_ITER(hh, sheet->rows, row, following)
		row_drop(sheet, row);
	free(sheet);
}

/* The row of that key, made if need be; NULL when memory is out. */
static struct row *
row_need(struct line_sheet *sheet, const struct key *key)
{
	struct row *row;

	HASH_FIND(hh, sheet->rows, key, sizeof(*key), row);
	if (row != NULL)
		return row;
	row = calloc(1, sizeof(*row));
	if (row == NULL)
		return NULL;
	row->key = *key;
	HASH_ADD(hh, sheet->rows, key, sizeof(row->key), row);
	if (row->hh.tbl == NULL) {
		free(row);
		return NULL;
	}
	return row;
}

int
line_sheet_add(struct line_sheet *sheet, unsigned month, uint64_t account,
    const struct line_counts *counts)
{
	const struct key key = { month, account };
	struct row *row;

	if (line_counts_are_none(counts))
		return 0;
	row = row_need(sheet, &key);
	if (row == NULL)
		return -ENOMEM;
	line_counts_add(&row->fresh, counts);
	return 0;
}

/* The first row that has something fresh, or NULL. */
static struct row *
first_fresh(const struct line_sheet *sheet)
{
	struct row *row;

	for (row = sheet->rows; row != NULL; row = row->hh.next)
		if (!line_counts_are_none(&row->fresh))
			return row;
	return NULL;
}

bool
line_sheet_has_more(const struct line_sheet *sheet)
{
	return first_fresh(sheet) != NULL;
}

static bool
is_of_page(const struct row *row, uint64_t month)
{
	return row->key.month == month && !line_counts_are_none(&row->fresh);
}

static uint32_t
mark_page(struct row *row, uint64_t month)
{
	uint32_t count = 0;

	for (; row != NULL && count < LINE_SHEET_PAGE; row = row->hh.next) {
		if (!is_of_page(row, month))
			continue;
		row->under_way = row->fresh;
		row->is_under_way = true;
		memset(&row->fresh, 0, sizeof(row->fresh));
		count++;
	}
	return count;
}

bool
line_sheet_take(struct line_sheet *sheet, struct text *body)
{
	struct row *row = first_fresh(sheet);

	if (sheet->is_under_way || row == NULL)
		return false;
	pack_u32(body, (uint32_t)row->key.month);
	pack_u32(body, mark_page(row, row->key.month));
	for (row = sheet->rows; row != NULL; row = row->hh.next)
		if (row->is_under_way) {
			pack_u64(body, row->key.account);
			line_counts_pack(body, &row->under_way);
		}
	sheet->is_under_way = true;
	return true;
}

void
line_sheet_written(struct line_sheet *sheet, bool is_written)
{
	struct row *row, *following;

	sheet->is_under_way = false;
	HASH_ITER(hh, sheet->rows, row, following) {
		if (!row->is_under_way)
			continue;
		row->is_under_way = false;
		if (!is_written)
			line_counts_add(&row->fresh, &row->under_way);
		if (line_counts_are_none(&row->fresh))
			row_drop(sheet, row);
	}
}
