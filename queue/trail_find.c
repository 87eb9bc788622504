/*
 * trail_find.c - what happened to a message: reading the trail
 *
 * Twice over the files: first which messages are meant, then all their lines.
 * A line is parsed only when the bytes sought stand in it somewhere, so days of
 * other people's mail cost little more than reading them.
 */
#include "queue/trail_find.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "queue/trail_days.h"

#define LINE_ARENA	(64 * 1024)	/* TRAIL_LINE_BYTES and their copies */

/* One line */

/* Copy string field `name`, if it is there, into the arena. */
static int
take_string(struct arena *arena, const json_t *object, const char *name,
    struct slice *value_out)
{
	const json_t *value = json_object_get(object, name);

	*value_out = slice_of(NULL, 0);
	if (value == NULL)
		return 0;
	if (!json_is_string(value))
		return -EBADMSG;
	return arena_copy(arena, slice_of(json_string_value(value),
	    json_string_length(value)), value_out);
}

static int
take_fields(struct arena *arena, const json_t *object, struct trail_step *step)
{
	const struct {
		const char	*name;
		struct slice	*to;
	} fields[] = {
		{ "who",	&step->who },
		{ "address",	&step->address },
		{ "from",	&step->from },
		{ "to",		&step->to },
		{ "subject",	&step->subject },
		{ "peer",	&step->peer },
		{ "detail",	&step->detail },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(fields) / sizeof(*fields); i++)
		r = take_string(arena, object, fields[i].name, fields[i].to);
	return r;
}

static int
take_word(struct arena *arena, const json_t *object, struct trail_step *step)
{
	struct slice word;
	int r = take_string(arena, object, "step", &word);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < TRAIL_WORDS; i++)
		if (slice_is_str(word, trail_word(i))) {
			step->word = i;
			return 0;
		}
	return -EBADMSG;
}

static int
take_head(struct arena *arena, const json_t *object, struct trail_line *line)
{
	const json_t *account = json_object_get(object, "account");
	struct slice at, id;
	int r;

	r = take_string(arena, object, "at", &at);
	if (r == 0)
		r = take_string(arena, object, "id", &id);
	if (r < 0)
		return r;
	if (at.len != TRAIL_AT_CHARS - 1 || !slice_is_printable_ascii(at))
		return -EBADMSG;
	(void)slice_cstr(at, line->at, sizeof(line->at));
	line->has_id = id.len > 0;
	if (line->has_id && message_id_read(id, &line->step.id) < 0)
		return -EBADMSG;
	if (account == NULL)
		return 0;
	if (!json_is_integer(account) || json_integer_value(account) < 0)
		return -EBADMSG;
	line->step.account = (uint64_t)json_integer_value(account);
	return 0;
}

int
trail_parse(struct arena *arena, struct slice text,
    struct trail_line *line_out)
{
	struct trail_line line = { 0 };
	json_t *object;
	int r;

	/* peer text may hold a NUL, escaped */
	object = json_loadb(text.at == NULL ? "" : text.at, text.len,
	    JSON_ALLOW_NUL, NULL);
	if (object == NULL || !json_is_object(object)) {
		json_decref(object);
		return -EBADMSG;
	}
	r = take_head(arena, object, &line);
	if (r == 0)
		r = take_word(arena, object, &line.step);
	if (r == 0)
		r = take_fields(arena, object, &line.step);
	json_decref(object);
	if (r == 0)
		*line_out = line;
	return r;
}

/* The days */

struct find {
	struct slice		 what;
	bool			 is_id, is_address;
	struct message_id	 id;
	struct arena		*arena;		/* of one line */
	struct message_id	*messages;	/* sorted once all are known */
	size_t			 message_count;
	struct found		*lines;
	size_t			 line_count;
	bool			 is_more;
};

/* A line of a message that is meant. */
struct found {
	struct message_id	 id;
	char			 at[TRAIL_AT_CHARS];
	size_t			 number;	/* in order of reading */
	char			*text;		/* owned */
	size_t			 len;
};

/* Which messages */

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool
holds(struct slice s, struct slice part)
{
	if (part.len == 0)
		return true;
	for (; s.len >= part.len; s = slice_after(s, 1))
		if (lower(s.at[0]) == lower(part.at[0]) &&
		    slice_is_nocase(slice_first(s, part.len), part))
			return true;
	return false;
}

static bool
subject_holds(struct slice subject, struct slice words)
{
	struct slice word;

	while (slice_word(&words, &word))
		if (!holds(subject, word))
			return false;
	return true;
}

static bool
is_meant(const struct find *find, const struct trail_step *step)
{
	if (find->is_id)
		return message_id_order(&step->id, &find->id) == 0;
	if (find->is_address)
		return slice_is_nocase(step->from, find->what) ||
		    slice_is_nocase(step->to, find->what) ||
		    slice_is_nocase(step->address, find->what);
	return step->subject.len > 0 &&
	    subject_holds(step->subject, find->what);
}

/* Part of `what` that stands in the line as it is when it stands in a field. */
static struct slice
plain_part(const struct find *find)
{
	struct slice rest = find->what, word = { NULL, 0 };

	if (!find->is_id && !find->is_address && !slice_word(&rest, &word))
		return word;
	if (find->is_id || find->is_address)
		word = find->what;
	for (size_t i = 0; i < word.len; i++)
		if (word.at[i] == '"' || word.at[i] == '\\' ||
		    (unsigned char)word.at[i] < 0x20 ||
		    (unsigned char)word.at[i] > 0x7e)
			return slice_first(word, i);
	return word;
}

static bool
is_known(const struct find *find, const struct message_id *id)
{
	for (size_t i = find->message_count; i-- > 0;)
		if (message_id_order(&find->messages[i], id) == 0)
			return true;
	return false;
}

static int
pick_message(void *arg, struct slice text)
{
	struct find *find = arg;
	struct trail_line line;

	if (!holds(text, plain_part(find)))
		return 0;
	arena_reset(find->arena);
	if (trail_parse(find->arena, text, &line) < 0 || !line.has_id ||
	    !is_meant(find, &line.step) || is_known(find, &line.step.id))
		return 0;
	if (find->message_count == TRAIL_FIND_MESSAGES) {
		find->is_more = true;
		return 0;
	}
	find->messages[find->message_count++] = line.step.id;
	return 0;
}

/* Their lines */

static int
by_id(const void *a, const void *b)
{
	return message_id_order(a, b);
}

/* The id of a line, read where trail_format() puts it, without parsing. */
static bool
quick_id(struct slice line, struct message_id *id_out)
{
	static const char mark[] = "\",\"id\":\"";
	size_t at = slice_find_str(line, mark);

	return at != SIZE_MAX && message_id_read(slice_first(slice_after(line,
	    at + sizeof(mark) - 1), MESSAGE_ID_CHARS), id_out) == 0;
}

static int
keep_line(struct find *find, const struct trail_line *line,
    struct slice text)
{
	struct found *found = &find->lines[find->line_count];

	if (find->line_count == TRAIL_FIND_LINES) {
		find->is_more = true;
		return 0;
	}
	found->text = malloc(text.len);
	if (found->text == NULL)
		return -ENOMEM;
	memcpy(found->text, text.at, text.len);
	memcpy(found->at, line->at, sizeof(found->at));
	found->len = text.len;
	found->id = line->step.id;
	found->number = find->line_count++;
	return 0;
}

static int
pick_line(void *arg, struct slice text)
{
	struct find *find = arg;
	struct trail_line line;
	struct message_id id;

	if (!quick_id(text, &id) || bsearch(&id, find->messages,
	    find->message_count, sizeof(id), by_id) == NULL)
		return 0;
	arena_reset(find->arena);
	if (trail_parse(find->arena, text, &line) < 0 || !line.has_id)
		return 0;
	return keep_line(find, &line, text);
}

/* An id begins with its time: the oldest message comes first. */
static int
by_message_and_time(const void *left, const void *right)
{
	const struct found *a = left, *b = right;
	int order = message_id_order(&a->id, &b->id);

	if (order == 0)
		order = strcmp(a->at, b->at);
	if (order == 0)
		order = a->number < b->number ? -1 : 1;
	return order;
}

static int
tell(struct find *find, trail_find_fn *fn, void *arg)
{
	struct trail_line line;
	int r = 0;

	qsort(find->lines, find->line_count, sizeof(*find->lines),
	    by_message_and_time);
	for (size_t i = 0; r == 0 && i < find->line_count; i++) {
		arena_reset(find->arena);
		r = trail_parse(find->arena, slice_of(find->lines[i].text,
		    find->lines[i].len), &line);
		if (r == 0)
			r = fn(arg, &line);
	}
	return r;
}

static void
find_free(struct find *find)
{
	for (size_t i = 0; i < find->line_count; i++)
		free(find->lines[i].text);
	free(find->lines);
	free(find->messages);
	arena_free(find->arena);
}

int
trail_find(int folder_fd, struct slice what, trail_find_fn *fn, void *arg)
{
	struct find find = { .what = slice_trim(what) };
	int r;

	if (find.what.len == 0)
		return 0;
	find.is_id = message_id_read(find.what, &find.id) == 0;
	find.is_address = slice_find(find.what, '@') != SIZE_MAX &&
	    slice_find(find.what, ' ') == SIZE_MAX;
	find.arena = arena_new(LINE_ARENA);
	find.messages = calloc(TRAIL_FIND_MESSAGES, sizeof(*find.messages));
	find.lines = calloc(TRAIL_FIND_LINES, sizeof(*find.lines));
	r = find.arena == NULL || find.messages == NULL || find.lines == NULL ?
	    -ENOMEM : trail_days_each(folder_fd, NULL,
	    pick_message, &find);
	if (r == 0) {
		qsort(find.messages, find.message_count,
		    sizeof(*find.messages), by_id);
		r = trail_days_each(folder_fd, NULL, pick_line, &find);
	}
	if (r == 0)
		r = tell(&find, fn, arg);
	find_free(&find);
	return r == 0 && find.is_more ? 1 : r;
}
