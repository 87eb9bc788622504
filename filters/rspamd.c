/*
 * rspamd.c - what an rspamd says of a message, beside our own judges
 */
#include "filters/rspamd.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS_MOST	400	/* looked at; an answer has some dozens */
#define SYMBOL_MOST	100	/* bytes of a name; the longest known has 60 */
#define SCORE_MOST	100000.0	/* more is cut */

static const struct {
	const char	*word, *theirs;
} results[RSPAMD_RESULTS] = {
	[RSPAMD_UNASKED] = { "unasked", NULL },
	[RSPAMD_FAILED] = { "failed", NULL },
	[RSPAMD_NO_ACTION] = { "no-action", "no action" },
	[RSPAMD_GREYLIST] = { "greylist", "greylist" },
	[RSPAMD_SOFT_REJECT] = { "soft-reject", "soft reject" },
	[RSPAMD_ADD_HEADER] = { "add-header", "add header" },
	[RSPAMD_REWRITE_SUBJECT] = { "rewrite-subject", "rewrite subject" },
	[RSPAMD_REJECT] = { "reject", "reject" },
};

const char *
rspamd_word(enum rspamd_result result)
{
	return results[result].word;
}

/* The question */

/* One field; nothing that could end its line gets in. */
static void
add_field(struct text *head, const char *name, struct slice value)
{
	if (value.len == 0 || !slice_is_printable_ascii(value))
		return;
	text_addf(head, "%s: %.*s\r\n", name, SLICE_FMT(value));
}

void
rspamd_ask(struct text *head, const struct envelope *env)
{
	bool is_taken_on = envelope_is_taken_on(env->source);
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&env->id, id);
	text_addf(head, "POST /checkv2 HTTP/1.1\r\nHost: rspamd\r\n"
	    "Content-Length: %llu\r\nConnection: close\r\n",
	    (unsigned long long)env->bytes);
	/* who stood at our provider's door stands at ours */
	add_field(head, "IP", is_taken_on ? env->hop.peer : env->peer);
	add_field(head, "Helo", is_taken_on ? env->hop.helo : env->helo);
	add_field(head, "From", env->sender);
	if (!is_taken_on)
		add_field(head, "User", env->login);
	for (size_t i = 0; i < env->recipient_count &&
	    i < RSPAMD_RECIPIENTS; i++)
		add_field(head, "Rcpt", env->recipients[i].address);
	add_field(head, "Queue-Id", slice_str(id));
	text_add_str(head, "\r\n");
}

/* The answer */

struct symbol {
	const char	*name;
	double		 score;
};

static int32_t
hundredths(double score)
{
	if (isnan(score))
		return 0;
	return (int32_t)lround(fmax(-SCORE_MOST, fmin(SCORE_MOST, score)) *
	    100);
}

static int
heavier(const void *a, const void *b)
{
	const struct symbol *one = a, *other = b;
	double x = fabs(one->score), y = fabs(other->score);

	return x != y ? (x < y ? 1 : -1) : strcmp(one->name, other->name);
}

static bool
is_symbol(const char *name)
{
	struct slice s = slice_str(name);

	return s.len > 0 && s.len <= SYMBOL_MOST &&
	    slice_is_printable_ascii(s) && slice_find(s, ' ') == SIZE_MAX;
}

static void
read_symbols(json_t *object, struct rspamd_found *found)
{
	struct symbol symbols[SYMBOLS_MOST];
	size_t count = 0, len = 0;
	const char *name;
	json_t *one;

	json_object_foreach(object, name, one)
		if (is_symbol(name) && count < SYMBOLS_MOST)
			symbols[count++] = (struct symbol){ name,
			    json_number_value(json_object_get(one, "score")) };
	qsort(symbols, count, sizeof(*symbols), heavier);
	for (size_t i = 0; i < count; i++) {
		size_t more = strlen(symbols[i].name) + (len > 0);

		if (len + more > RSPAMD_SYMBOLS_MAX)
			break;
		if (len > 0)
			found->symbols[len++] = ' ';
		memcpy(found->symbols + len, symbols[i].name,
		    strlen(symbols[i].name));
		len += strlen(symbols[i].name);
	}
	found->symbols[len] = '\0';
}

void
rspamd_none(struct slice why, struct rspamd_found *found_out)
{
	struct slice s = slice_first(why, RSPAMD_WORDS_MAX);

	memset(found_out, 0, sizeof(*found_out));
	found_out->result = RSPAMD_FAILED;
	for (size_t i = 0; i < s.len; i++)
		found_out->words[i] = s.at[i] >= ' ' && s.at[i] <= '~' ?
		    s.at[i] : '?';
}

static bool
read_object(const json_t *root, struct rspamd_found *found)
{
	const char *action = json_string_value(json_object_get(root,
	    "action"));
	const json_t *score = json_object_get(root, "score");
	unsigned result = RSPAMD_NO_ACTION;

	if (action == NULL || !json_is_number(score))
		return false;
	while (result < RSPAMD_RESULTS &&
	    strcmp(action, results[result].theirs) != 0)
		result++;
	if (result == RSPAMD_RESULTS)
		return false;
	found->result = (enum rspamd_result)result;
	found->score = hundredths(json_number_value(score));
	found->required = hundredths(json_number_value(json_object_get(root,
	    "required_score")));
	read_symbols(json_object_get(root, "symbols"), found);
	return true;
}

void
rspamd_read(struct slice json, struct rspamd_found *found_out)
{
	json_t *root = json.len == 0 || json.len > RSPAMD_ANSWER_MOST ? NULL :
	    json_loadb(json.at, json.len, 0, NULL);

	memset(found_out, 0, sizeof(*found_out));
	if (root == NULL || !read_object(root, found_out))
		rspamd_none(slice_str("its answer makes no sense"), found_out);
	json_decref(root);
}

bool
rspamd_has(const struct rspamd_found *found, struct slice symbol)
{
	struct slice rest = slice_str(found->symbols), one;

	while (slice_word(&rest, &one))
		if (slice_is_nocase(one, symbol))
			return true;
	return false;
}

/* The verdict */

static void
add_score(struct text *line, const char *words, int32_t hundredths)
{
	text_addf(line, "%s%s%d.%02d", words, hundredths < 0 ? "-" : "",
	    abs(hundredths) / 100, abs(hundredths) % 100);
}

void
rspamd_judge(const struct rspamd_found *found,
    const struct rspamd_policy *policy, struct verdict *verdict_out)
{
	TEXT_AUTO line = TEXT_INIT(VERDICT_VALUE_MAX);

	verdict_init(verdict_out);
	if (found->result == RSPAMD_FAILED) {
		text_addf(&line, "not asked (%s)", found->words);
		if (policy->failed == VERDICT_DEFER)
			verdict_set(verdict_out, VERDICT_DEFER, 451, "4.3.0",
			    "rspamd gave no answer: %s", found->words);
		else
			verdict_set(verdict_out, policy->failed, 250, "2.0.0",
			    "rspamd gave no answer: %s", found->words);
	} else {
		text_add_str(&line, rspamd_word(found->result));
		add_score(&line, ", ", found->score);
		add_score(&line, " of ", found->required);
	}
	if (found->result >= RSPAMD_ADD_HEADER) {
		verdict_set(verdict_out, policy->action, 250, "2.0.0",
		    "rspamd says: %.*s", SLICE_FMT(text_slice(&line)));
		if (policy->action == VERDICT_MARK && policy->folder != NULL)
			(void)verdict_set_folder(verdict_out,
			    slice_str(policy->folder));
	}
	if (found->symbols[0] != '\0')
		text_addf(&line, " (%s)", found->symbols);
	/* 700 bytes of names and some more fit into a line */
	(void)verdict_add_line(verdict_out, slice_str("X-Postroom-Rspamd"),
	    text_slice(&line));
}
