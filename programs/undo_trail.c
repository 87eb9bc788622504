/*
 * undo_trail.c - what a rule did, by the trail
 *
 * Lines of one message about its rules stand together (queue/judged.c), so that
 * whether another one held it too is known from them.
 */
#include "programs/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "queue/judged.h"
#include "queue/removed.h"
#include "queue/trail_days.h"
#include "queue/trail_find.h"

#define LINE_ARENA	(64 * 1024)	/* TRAIL_LINE_BYTES and their copies */
#define ITEMS_MOST	(1u << 20)
#define DAY_MS		INT64_C(86400000)

struct gathering {
	struct undo		*undo;
	struct arena		*arena;		/* of one line */
	struct message_id	 last;		/* whose lines are read */
	size_t			 first;		/* of its items */
	bool			 other_held, other_removed;
};

static int
add_item(struct undo *undo, const struct message_id *id, enum undo_deed deed,
    struct slice where)
{
	size_t room = undo->room == 0 ? 256 : 2 * undo->room;
	struct undo_item *items;

	if (undo->count == ITEMS_MOST)
		return -EFBIG;
	if (undo->count == undo->room) {
		items = reallocarray(undo->items, room, sizeof(*items));
		if (items == NULL)
			return -ENOMEM;
		undo->items = items;
		undo->room = room;
	}
	undo->items[undo->count++] = (struct undo_item){ .id = *id,
	    .deed = (uint8_t)deed, .where = (uint32_t)undo->wheres.len };
	text_add(&undo->wheres, where);
	text_add_byte(&undo->wheres, '\0');
	return text_failed(&undo->wheres) ? -ENOMEM : 0;
}

/* What stands behind what it did: where the message went by it. */
static int
add_marks(struct undo *undo, const struct message_id *id,
    enum verdict_action action, struct slice where)
{
	if (slice_has_prefix(where, JUDGED_FILED))
		return add_item(undo, id, UNDO_FILED, slice_after(where,
		    strlen(JUDGED_FILED)));
	if (slice_has_prefix(where, JUDGED_REDIRECTED))
		return add_item(undo, id, UNDO_REDIRECTED, slice_after(where,
		    strlen(JUDGED_REDIRECTED)));
	return action == VERDICT_MARK ? add_item(undo, id, UNDO_MARKED,
	    where) : 0;
}

static int
add_deeds(struct undo *undo, const struct message_id *id,
    enum verdict_action action, struct slice where)
{
	const struct slice none = { NULL, 0 };
	int r = 0;

	if (action == VERDICT_REFUSE)
		return add_item(undo, id, UNDO_REFUSED, none);
	if (action == VERDICT_HOLD || action == VERDICT_QUARANTINE)
		r = add_item(undo, id, UNDO_HELD, none);
	if (r == 0 && slice_has_prefix(where, JUDGED_REMOVED)) {
		where = slice_after(where, strlen(JUDGED_REMOVED));
		r = add_item(undo, id, UNDO_REMOVED, none);
		if (where.len == 0)
			return r;
	}
	return r < 0 ? r : add_marks(undo, id, action, where);
}

/* The message's lines are over: what another rule did is true of all. */
static void
end_message(struct gathering *gathering)
{
	struct undo *undo = gathering->undo;

	for (size_t i = gathering->first; i < undo->count; i++) {
		undo->items[i].other_held |= gathering->other_held;
		undo->items[i].other_removed |= gathering->other_removed;
	}
	gathering->first = undo->count;
	gathering->other_held = gathering->other_removed = false;
}

/* Is it of some rule, and has that held the message, or cut it? */
static void
note_other(struct gathering *gathering, struct slice detail)
{
	struct slice rest = detail, name, where;
	enum verdict_action action;
	bool is_shadow = false;
	size_t end;

	if (!slice_has_prefix(rest, "rule \""))
		return;
	rest = slice_after(rest, 6);
	end = slice_find_str(rest, "\" (");
	if (end == SIZE_MAX)
		return;
	name = slice_first(rest, end);
	action = judged_read(detail, name, &is_shadow, &where);
	if (is_shadow || action == VERDICT_ACTIONS)
		return;
	gathering->other_held |= action == VERDICT_HOLD ||
	    action == VERDICT_QUARANTINE;
	gathering->other_removed |= slice_has_prefix(where, JUDGED_REMOVED);
}

static int
take_step(struct gathering *gathering, const struct trail_step *step)
{
	enum verdict_action action;
	bool is_shadow = false;
	struct slice where;

	if (message_id_order(&step->id, &gathering->last) != 0)
		end_message(gathering);
	gathering->last = step->id;
	action = judged_read(step->detail, gathering->undo->rule, &is_shadow,
	    &where);
	if (action == VERDICT_ACTIONS) {
		note_other(gathering, step->detail);
		return 0;
	}
	return is_shadow ? 0 : add_deeds(gathering->undo, &step->id, action,
	    where);
}

static int
on_line(void *arg, struct slice text)
{
	struct gathering *gathering = arg;
	struct trail_line line;

	if (slice_find_str(text, "\"step\":\"judged\"") == SIZE_MAX)
		return 0;
	arena_reset(gathering->arena);
	/* the last one may be torn */
	if (trail_parse(gathering->arena, text, &line) < 0 || !line.has_id ||
	    line.step.word != TRAIL_JUDGED || message_id_utc_ms(
	    &line.step.id) < gathering->undo->since_utc_ms)
		return 0;
	return take_step(gathering, &line.step);
}

static int
order_items(const void *a, const void *b)
{
	const struct undo_item *left = a, *right = b;
	int order = message_id_order(&left->id, &right->id);

	return order != 0 ? order : left->deed - right->deed;
}

/* What a message that came twice had done to it twice is done once. */
static void
order_all(struct undo *undo)
{
	size_t kept = 0;

	if (undo->count == 0)
		return;
	qsort(undo->items, undo->count, sizeof(*undo->items), order_items);
	for (size_t i = 1; i < undo->count; i++) {
		if (order_items(&undo->items[i], &undo->items[kept]) == 0) {
			undo->items[kept].other_held |=
			    undo->items[i].other_held;
			undo->items[kept].other_removed |=
			    undo->items[i].other_removed;
			continue;
		}
		undo->items[++kept] = undo->items[i];
	}
	undo->count = kept + 1;
}

static int
order_id(const void *key, const void *element)
{
	const struct undo_item *item = element;

	return message_id_order(key, &item->id);
}

struct undo_item *
undo_find(const struct undo *undo, const struct message_id *id,
    enum undo_deed deed)
{
	struct undo_item *item = undo->count == 0 ? NULL : bsearch(id,
	    undo->items, undo->count, sizeof(*undo->items), order_id);

	if (item == NULL)
		return NULL;
	while (item > undo->items && message_id_order(&item[-1].id, id) == 0)
		item--;
	for (; item < undo->items + undo->count &&
	    message_id_order(&item->id, id) == 0; item++)
		if (item->deed == deed)
			return item;
	return NULL;
}

static int
order_deliveries(const void *a, const void *b)
{
	const struct undo_delivery *left = a, *right = b;
	int order = message_id_order(&left->id, &right->id);

	if (order != 0)
		return order;
	return left->account < right->account ? -1 :
	    left->account > right->account;
}

/* When it was put there: what came there later a person has moved. */
static int
note_delivered(struct undo *undo, const struct trail_line *line)
{
	size_t room = undo->delivery_room == 0 ? 256 :
	    2 * undo->delivery_room;
	struct undo_delivery *list;

	if (undo_find(undo, &line->step.id, UNDO_FILED) == NULL)
		return 0;
	if (undo->delivery_count == ITEMS_MOST)
		return -EFBIG;
	if (undo->delivery_count == undo->delivery_room) {
		list = reallocarray(undo->deliveries, room, sizeof(*list));
		if (list == NULL)
			return -ENOMEM;
		undo->deliveries = list;
		undo->delivery_room = room;
	}
	undo->deliveries[undo->delivery_count++] = (struct undo_delivery){
	    line->step.id, line->step.account, trail_utc_ms(line->at) };
	return 0;
}

/* Told anew after a crash it is the same delivery: the first one counts. */
static void
order_delivered(struct undo *undo)
{
	struct undo_delivery *list = undo->deliveries;
	size_t kept = 0;

	if (undo->delivery_count == 0)
		return;
	qsort(list, undo->delivery_count, sizeof(*list), order_deliveries);
	for (size_t i = 1; i < undo->delivery_count; i++) {
		if (order_deliveries(&list[i], &list[kept]) != 0)
			list[++kept] = list[i];
		else if (list[i].at_utc_ms < list[kept].at_utc_ms)
			list[kept].at_utc_ms = list[i].at_utc_ms;
	}
	undo->delivery_count = kept + 1;
}

int64_t
undo_delivered(const struct undo *undo, const struct message_id *id,
    uint64_t account)
{
	const struct undo_delivery key = { .id = *id, .account = account };
	const struct undo_delivery *found = undo->delivery_count == 0 ? NULL :
	    bsearch(&key, undo->deliveries, undo->delivery_count, sizeof(key),
	    order_deliveries);

	return found == NULL ? 0 : found->at_utc_ms;
}

/* Where the whole of it is. */
static void
note_original(struct undo *undo, const struct trail_line *line)
{
	struct undo_item *item = undo_find(undo, &line->step.id,
	    UNDO_REMOVED);

	if (item != NULL && slice_has_prefix(line->step.detail, REMOVED_HELD))
		item->has_original = message_id_read(slice_after(
		    line->step.detail, strlen(REMOVED_HELD)),
		    &item->original) == 0;
}

/* What else is to be known of what was done. */
static int
on_rest(void *arg, struct slice text)
{
	struct gathering *gathering = arg;
	struct trail_line line;

	if (slice_find_str(text, "\"step\":\"delivered\"") == SIZE_MAX &&
	    slice_find_str(text, REMOVED_HELD) == SIZE_MAX)
		return 0;
	arena_reset(gathering->arena);
	if (trail_parse(gathering->arena, text, &line) < 0 || !line.has_id)
		return 0;
	if (line.step.word == TRAIL_DELIVERED)
		return note_delivered(gathering->undo, &line);
	if (line.step.word == TRAIL_JUDGED)
		note_original(gathering->undo, &line);
	return 0;
}

static int
read_trail(struct gathering *gathering, int fd)
{
	int64_t since = gathering->undo->since_utc_ms;
	/* the day before: a message may be judged long after it came, not
	 * before that */
	time_t day = (time_t)((since > DAY_MS ? since - DAY_MS : 0) / 1000);
	char from[16] = "";
	struct tm tm;
	int r;

	if (gmtime_r(&day, &tm) != NULL)
		(void)strftime(from, sizeof(from), "%Y-%m-%d", &tm);
	r = trail_days_each(fd, from, on_line, gathering);
	end_message(gathering);
	order_all(gathering->undo);
	if (r == 0)
		r = trail_days_each(fd, from, on_rest, gathering);
	order_delivered(gathering->undo);
	return r;
}

int
undo_gather(struct undo *undo)
{
	struct gathering gathering = { .undo = undo };
	struct cli *cli = undo->cli;
	char path[PATH_MAX + 16];
	int fd, r;

	(void)snprintf(path, sizeof(path), "%s/queue/trail", cli->config.data_dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gathering.arena = arena_new(LINE_ARENA);
	r = fd < 0 ? -errno : gathering.arena == NULL ? -ENOMEM :
	    read_trail(&gathering, fd);
	arena_free(gathering.arena);
	if (fd >= 0)
		(void)close(fd);
	if (r < 0 && r != -ENOENT)
		return cli_fail(cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(-r));
	return CLI_OK;
}

const char *
undo_where(const struct undo *undo, const struct undo_item *item)
{
	return undo->wheres.at + item->where;
}
