/*
 * csv.c - rows of fields (RFC 4180)
 */
#include "fetch/import/csv.h"

#include <errno.h>

struct csv
csv_of(struct slice bytes)
{
	struct csv csv = { .separator = ',', .next_line = 1 };
	size_t most = 0;
	struct slice head;

	if (slice_has_prefix(bytes, "\xef\xbb\xbf"))
		bytes = slice_after(bytes, 3);
	csv.rest = bytes;
	head = slice_first(bytes, slice_find(bytes, '\n'));
	for (const char *mark = ",;\t"; *mark != '\0'; mark++) {
		size_t count = 0;

		for (size_t i = 0; i < head.len; i++)
			count += head.at[i] == *mark;
		if (count > most)
			csv.separator = *mark;
		most = count > most ? count : most;
	}
	return csv;
}

/* Bytes of the line end that `s` begins with, or 0. */
static size_t
line_end(struct slice s)
{
	if (slice_has_prefix(s, "\r\n"))
		return 2;
	return s.len > 0 && s.at[0] == '\n' ? 1 : 0;
}

/* Cut what is quoted, doubled quotes still in it.  False: it does not end. */
static bool
cut_quoted(struct csv *csv, struct slice *raw_out, bool *doubled_out)
{
	struct slice s = slice_after(csv->rest, 1);
	size_t n = 0;

	*doubled_out = false;
	for (; n < s.len; n++) {
		csv->next_line += s.at[n] == '\n';
		if (s.at[n] != '"')
			continue;
		if (n + 1 == s.len || s.at[n + 1] != '"')
			break;
		*doubled_out = true;
		n++;
	}
	*raw_out = slice_first(s, n);
	csv->rest = slice_after(s, n + 1);
	return n < s.len;
}

/* Two quotes are one. */
static int
undouble(struct arena *arena, struct slice raw, struct slice *field_out)
{
	char *bytes = arena_alloc(arena, raw.len);
	size_t len = 0;

	if (bytes == NULL)
		return -ENOBUFS;
	for (size_t i = 0; i < raw.len; i++) {
		bytes[len++] = raw.at[i];
		i += raw.at[i] == '"';
	}
	*field_out = slice_of(bytes, len);
	return 0;
}

/* MDaemon puts blanks between a separator and a quote. */
static struct slice
after_blanks(struct slice s)
{
	while (s.len > 0 && s.at[0] == ' ')
		s = slice_after(s, 1);
	return s;
}

/* The next field; behind it stands a separator, a line end or nothing. */
static int
take_field(struct csv *csv, struct arena *arena, struct slice *field_out)
{
	struct slice rest = after_blanks(csv->rest), raw;
	size_t n = 0;
	bool doubled;

	if (rest.len > 0 && rest.at[0] == '"') {
		csv->rest = rest;
		if (!cut_quoted(csv, &raw, &doubled))
			return -EINVAL;
		*field_out = raw;
		csv->rest = rest = after_blanks(csv->rest);
		if (rest.len > 0 && rest.at[0] != csv->separator &&
		    line_end(rest) == 0)
			return -EINVAL;
		return doubled ? undouble(arena, raw, field_out) : 0;
	}
	rest = csv->rest;
	while (n < rest.len && rest.at[n] != csv->separator &&
	    line_end(slice_after(rest, n)) == 0)
		n++;
	*field_out = slice_first(rest, n);
	csv->rest = slice_after(rest, n);
	return 0;
}

/* The rest of a line that cannot be read. */
static void
skip_line(struct csv *csv)
{
	size_t end = slice_find(csv->rest, '\n');

	csv->rest = slice_after(csv->rest, end == SIZE_MAX ? csv->rest.len :
	    end + 1);
	csv->next_line++;
}

static int
take_row(struct csv *csv, struct arena *arena,
    struct slice fields[CSV_FIELDS], unsigned *count_out)
{
	unsigned count = 0;
	size_t end;
	int r;

	for (;;) {
		if (count == CSV_FIELDS)
			return -EINVAL;
		r = take_field(csv, arena, &fields[count]);
		if (r < 0)
			return r;
		count++;
		end = line_end(csv->rest);
		if (end > 0 || csv->rest.len == 0)
			break;
		csv->rest = slice_after(csv->rest, 1);
	}
	csv->rest = slice_after(csv->rest, end);
	csv->next_line += end > 0;
	*count_out = count;
	return 1;
}

int
csv_next(struct csv *csv, struct arena *arena,
    struct slice fields[CSV_FIELDS], unsigned *count_out)
{
	int r = 1;

	do {
		if (csv->rest.len == 0)
			return 0;
		csv->line = csv->next_line;
		r = take_row(csv, arena, fields, count_out);
	} while (r == 1 && *count_out == 1 && fields[0].len == 0);
	if (r == -EINVAL)
		skip_line(csv);
	return r;
}
