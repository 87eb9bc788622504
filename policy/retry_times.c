/*
 * retry_times.c - domains whose mail is tried at other times than all the others'
 */
#include "policy/retry_times.h"

#include "policy/config_inside.h"
#include "policy/unit.h"

/* Words and bounds as the options beside it have them (config_table.c). */
static const struct {
	const char	*word;
	enum unit	 unit;
	uint64_t	 min, max;
} times[RETRY_TIMES] = {
	[RETRY_FIRST] = { "first", UNIT_SECONDS, 1, 86400 },
	[RETRY_RETRY] = { "retry", UNIT_SECONDS, 1, 86400 },
	[RETRY_SLOW] = { "slow", UNIT_SECONDS, 1, 86400 },
	[RETRY_SLOW_AFTER] = { "slow-after", UNIT_SECONDS, 1, 2592000 },
	[RETRY_DELAY] = { "delay", UNIT_SECONDS, 0, 2592000 },
	[RETRY_DAYS] = { "days", UNIT_DAYS, 1, 60 },
	[RETRY_TRIES] = { "tries", UNIT_COUNT, 1, 1000 },
};

static const char *
read_time(struct slice word, struct slice value, struct retry_times *one)
{
	unsigned i = 0;
	uint64_t n;

	while (i < RETRY_TIMES && !slice_is_word(word, times[i].word))
		i++;
	if (i == RETRY_TIMES)
		return "says something other than first, retry, slow, "
		    "slow-after, delay, days and tries";
	if (one->given[i])
		return "says something twice";
	if (unit_read(value, times[i].unit, &n) < 0)
		return "wants a time behind each word, such as 5m or 2d";
	if (n < times[i].min || n > times[i].max)
		return "has a time that is too short or too long";
	one->given[i] = true;
	one->value[i] = (unsigned)n;
	return NULL;
}

static const char *
read_entry(struct slice entry, struct retry_times *one_out)
{
	struct retry_times one = { .domain = { NULL, 0 } };
	struct slice rest = entry, word, value;
	const char *fault = NULL;
	bool has_time = false;

	if (!slice_word(&rest, &one.domain) || !config_is_host(slice_after(
	    one.domain, one.domain.at[0] == '.')))
		return "does not begin with a domain such as far.test or "
		    ".far.test";
	while (fault == NULL && slice_word(&rest, &word)) {
		has_time = true;
		fault = slice_word(&rest, &value) ?
		    read_time(word, value, &one) :
		    "wants a time behind each word, such as 5m or 2d";
	}
	if (fault == NULL && !has_time)
		fault = "says nothing of its domain";
	*one_out = one;
	return fault;
}

const char *
retry_times_read(struct slice words, struct retry_times *list,
    size_t *count_out, struct slice *where_out)
{
	struct slice rest = slice_trim(words), entry;
	const char *fault = NULL;
	size_t count = 0;

	while (fault == NULL && rest.len > 0) {
		if (!slice_cut(&rest, ';', &entry)) {
			entry = rest;
			rest = slice_of(NULL, 0);
		}
		*where_out = slice_trim(entry);
		if (count == RETRY_DOMAINS)
			return "is one domain too many";
		fault = read_entry(*where_out, &list[count]);
		for (size_t i = 0; fault == NULL && i < count; i++)
			if (slice_is_nocase(list[i].domain,
			    list[count].domain))
				fault = "names a domain twice";
		count += fault == NULL;
		rest = slice_trim(rest);
	}
	if (fault == NULL)
		*count_out = count;
	return fault;
}
