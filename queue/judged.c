/*
 * judged.c - which of the postmaster's rules held, and what lists in DNS said
 *
 * Told once it is sure what became of it: one that is put off comes again, and
 * its rules would be told twice.  Neither the trail nor the count stops mail.
 */
#include "queue/judged.h"

#include <string.h>

#include "filters/listed.h"
#include "lib/base/log.h"
#include "queue/rule_hits.h"

static const char *const done[VERDICT_ACTIONS] = {
	[VERDICT_ACCEPT] = "let it go on",
	[VERDICT_MARK] = "marked it",
	[VERDICT_HOLD] = "held it",
	[VERDICT_QUARANTINE] = "put it into quarantine",
	[VERDICT_DEFER] = "put it off",
	[VERDICT_REFUSE] = "refused it",
};

enum verdict_action
judged_read(struct slice detail, struct slice rule, bool *is_shadow_out,
    struct slice *where_out)
{
	struct slice name, rest = detail;
	size_t end;

	if (!slice_has_prefix(rest, "rule \""))
		return VERDICT_ACTIONS;
	rest = slice_after(rest, 6);
	name = slice_first(rest, rule.len);
	rest = slice_after(rest, rule.len);
	if (!slice_is(name, rule) || !slice_has_prefix(rest, "\" ("))
		return VERDICT_ACTIONS;
	/* ":LINE) ": a file's name may have all else in it */
	do {
		if (!slice_cut(&rest, ':', &name))
			return VERDICT_ACTIONS;
		end = 0;
		while (end < rest.len && rest.at[end] >= '0' &&
		    rest.at[end] <= '9')
			end++;
	} while (end == 0 || !slice_has_prefix(slice_after(rest, end), ") "));
	rest = slice_after(rest, end + 2);
	*is_shadow_out = slice_has_prefix(rest, "would have ");
	if (*is_shadow_out)
		rest = slice_after(rest, strlen("would have "));
	for (unsigned i = 0; i < VERDICT_ACTIONS; i++)
		if (slice_has_prefix(rest, done[i])) {
			*where_out = slice_after(rest, strlen(done[i]));
			return (enum verdict_action)i;
		}
	return VERDICT_ACTIONS;
}

void
judged_open(struct conductor *conductor)
{
	int r = rule_hits_open(conductor->folder_fd, &conductor->rule_hits);

	if (r < 0)
		log_say("hits of rules are not counted: %s", strerror(-r));
}

static void
count(struct conductor *conductor, const struct verdict_hit *hit)
{
	int r;

	if (conductor->rule_hits == NULL)
		return;		/* and that has been said */
	r = rule_hits_add(conductor->rule_hits, slice_str(hit->rule),
	    hit->is_shadow, clock_utc_ms());
	if (r < 0 && !conductor->rule_hits_failed)
		log_say("hits of rules cannot be written: %s (mail goes on)",
		    strerror(-r));
	conductor->rule_hits_failed = r < 0;
}

/* What each list in DNS has said (listed.h), a step for each. */
static void
tell_lists(struct conductor *conductor, const struct transit *transit,
    const char *value)
{
	struct slice rest = slice_str(value), one;

	for (bool more = true; more; rest = slice_trim(rest)) {
		TEXT_AUTO detail = TEXT_INIT(TRAIL_FIELD_BYTES);

		more = slice_cut(&rest, ';', &one);
		text_addf(&detail, "DNS list %.*s",
		    SLICE_FMT(more ? one : rest));
		text_add_byte(&detail, '\0');
		conductor_trail(conductor, transit, TRAIL_JUDGED, NULL,
		    text_failed(&detail) ? "" : detail.at);
	}
}

#define DETAIL_BYTES	1024	/* the trail cuts it at its own */

/* What can be undone of this rule, and where it went: read by rule undo. */
static void
add_where(struct text *detail, const struct verdict_hit *hit,
    const struct verdict *verdict)
{
	if (hit->removes)
		text_add_str(detail, JUDGED_REMOVED);
	if (hit->redirects)
		text_addf(detail, JUDGED_REDIRECTED "%s", verdict->redirect);
	else if (hit->files)
		text_addf(detail, JUDGED_FILED "%s", verdict->folder);
}

void
judged_tell(struct conductor *conductor, const struct transit *transit,
    const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->line_count; i++)
		if (strcmp(verdict->lines[i].name, LISTED_LINE) == 0)
			tell_lists(conductor, transit,
			    verdict->lines[i].value);
	for (size_t i = 0; i < verdict->hit_count; i++) {
		const struct verdict_hit *hit = &verdict->hits[i];
		TEXT_AUTO detail = TEXT_INIT(DETAIL_BYTES);

		text_addf(&detail, "rule \"%s\" (%s:%u) %s%s", hit->rule,
		    hit->file, hit->line, hit->is_shadow ? "would have " : "",
		    /* there was nobody to refuse it to: judge.h */
		    hit->action == VERDICT_REFUSE &&
		    envelope_is_taken_on(transit->env.source) ?
		    done[VERDICT_HOLD] : done[hit->action]);
		add_where(&detail, hit, verdict);
		text_add_byte(&detail, '\0');
		conductor_trail(conductor, transit, TRAIL_JUDGED, NULL,
		    text_failed(&detail) ? "" : detail.at);
		count(conductor, hit);
	}
}
