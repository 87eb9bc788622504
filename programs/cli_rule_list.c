/*
 * cli_rule_list.c - postroom rule list: the rules in force, and their hits
 *
 * Reads the files of rules and of hits itself, whether the hub runs or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "filters/rule_words.h"
#include "programs/cli_rule.h"
#include "queue/rule_hits.h"

#define DOES_BYTES	16384	/* eight actions of a kilobyte each */

/* Without a file nothing was counted, which is no failure.  CLI_OK, or told. */
static int
open_hits(struct cli *cli, struct rule_hits **hits_out)
{
	char path[PATH_MAX + 16];
	int fd, r;

	snprintf(path, sizeof(path), "%s/queue", cli->config.data_dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : rule_hits_read(fd, hits_out);
	if (fd >= 0)
		close(fd);
	if (r == -ENOENT)
		return CLI_OK;
	return r < 0 ? cli_fail(cli, CLI_FAILED, CANNOT_READ, path,
	    strerror(-r)) : CLI_OK;
}

static void
show_json(const struct rule *rule, const struct rule_hit_count *count,
    bool first)
{
	TEXT_AUTO line = TEXT_INIT(4 * DOES_BYTES);
	TEXT_AUTO does = TEXT_INIT(DOES_BYTES);

	text_add_str(&line, first ? "" : ", ");
	text_add_str(&line, "{\"rule\": ");
	text_add_json(&line, rule->name);
	text_add_str(&line, ", \"file\": ");
	text_add_json(&line, rule->file);
	text_addf(&line, ", \"line\": %u, \"shadow\": %s, \"does\": ",
	    rule->line, rule->is_shadow ? "true" : "false");
	rule_actions_write(&does, rule);
	text_add_json(&line, text_slice(&does));
	text_addf(&line, ", \"hits\": %llu, \"shadow_hits\": %llu, "
	    "\"last\": %lld}",
	    count == NULL ? 0 : (unsigned long long)count->hits,
	    count == NULL ? 0 : (unsigned long long)count->shadow_hits,
	    count == NULL ? 0 : (long long)(count->last_utc_ms / 1000));
	fwrite(line.at, 1, line.len, stdout);
}

static void
add_count(struct text *to, enum language language,
    const struct rule_hit_count *count)
{
	char date[32] = "";
	time_t last;
	struct tm tm;

	if (count == NULL) {
		text_say(to, language, RULE_NEVER);
		return;
	}
	last = (time_t)(count->last_utc_ms / 1000);
	if (localtime_r(&last, &tm) != NULL)
		(void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &tm);
	if (count->shadow_hits == 0)
		text_say(to, language, RULE_HITS,
		    (unsigned long long)count->hits, date);
	else if (count->hits == 0)
		text_say(to, language, RULE_SHADOW_HITS,
		    (unsigned long long)count->shadow_hits, date);
	else
		text_say(to, language, RULE_HITS_BOTH,
		    (unsigned long long)count->hits,
		    (unsigned long long)count->shadow_hits, date);
}

static void
show(struct cli *cli, const struct rule *rule,
    const struct rule_hit_count *count)
{
	TEXT_AUTO line = TEXT_INIT(2 * DOES_BYTES);
	TEXT_AUTO does = TEXT_INIT(DOES_BYTES);

	text_add_byte(&line, '"');
	cli_add_visible(&line, rule->name);
	text_add_str(&line, "\" (");
	cli_add_visible(&line, rule->file);
	text_addf(&line, ":%u) ", rule->line);
	add_count(&line, cli->language, count);
	text_add_str(&line, "\n  -> ");
	rule_actions_write(&does, rule);
	cli_add_visible(&line, text_slice(&does));
	text_add_byte(&line, '\n');
	fwrite(line.at, 1, line.len, stdout);
}

static void
show_all(struct cli *cli, const struct rules *rules,
    const struct rule_hits *hits)
{
	if (cli->json)
		fputs("{\"ok\": true, \"result\": [", stdout);
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rules[i];
		const struct rule_hit_count *count = hits == NULL ? NULL :
		    rule_hits_of(hits, rule->name);

		if (cli->json)
			show_json(rule, count, i == 0);
		else
			show(cli, rule, count);
	}
	if (cli->json)
		puts("]}");
	else if (rules->count == 0)
		cli_say(cli, RULE_NONE);
}

int
cli_rule_list(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { 0 } };
	struct rule_book book = { .rules = NULL };
	struct rule_hits *hits = NULL;
	int r = cli_options(cli, argc, argv, options, "", 0, 0, NULL);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = rule_book_open(cli, NULL, &book);
	if (r != CLI_OK)
		return r;
	r = open_hits(cli, &hits);
	if (r == CLI_OK)
		show_all(cli, book.rules, hits);
	rule_hits_close(hits);
	rule_book_close(&book);
	return r;
}
