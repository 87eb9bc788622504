/*
 * sts.c - the policy of a domain for mail that is brought to it
 */
#include "gateway/relay/sts.h"

#include <errno.h>
#include <string.h>

#define FIELDS_MOST	64	/* of a record; it has two */

static bool
is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

/* 1*32(ALPHA / DIGIT) */
static bool
is_id(struct slice s)
{
	if (s.len == 0 || s.len > STS_ID_MOST)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter_or_digit(s.at[i]))
			return false;
	return true;
}

/* The version stands first, and its letters count. */
static bool
is_of_version(struct slice *rest)
{
	struct slice version;

	if (!slice_cut(rest, ';', &version))
		return false;
	return slice_is(slice_trim(version), slice_str("v=STSv1"));
}

/* RFC 8461 3.1: fields, each "name=value", whose order is free. */
static int
read_fields(struct slice rest, char id_out[STS_ID_MOST + 1])
{
	struct slice field, name;
	bool has_id = false, more = true;

	for (size_t i = 0; more && i < FIELDS_MOST; i++) {
		more = slice_cut(&rest, ';', &field);
		field = slice_trim(more ? field : rest);
		if (field.len == 0 && !more)
			break;
		if (!slice_cut(&field, '=', &name) || name.len == 0)
			return -ENOENT;
		if (!slice_is(name, slice_str("id")) || has_id)
			continue;
		if (!is_id(field) ||
		    slice_cstr(field, id_out, STS_ID_MOST + 1) < 0)
			return -ENOENT;
		has_id = true;
	}
	return has_id ? 0 : -ENOENT;
}

int
sts_record_read(const struct slice *texts, size_t count,
    char id_out[STS_ID_MOST + 1])
{
	struct slice found = slice_of("", 0);
	unsigned records = 0;

	for (size_t i = 0; i < count; i++) {
		struct slice rest = texts[i];

		if (!is_of_version(&rest))
			continue;
		found = rest;
		records++;
	}
	return records == 1 ? read_fields(found, id_out) : -ENOENT;
}

/* Policies */

static const char *const modes[STS_MODES] = {
	[STS_NONE] = "none", [STS_TESTING] = "testing",
	[STS_ENFORCE] = "enforce",
};

/* What a line has said already. */
struct reading {
	bool	has_version, has_mode, has_age;
};

static bool
read_mode(struct slice value, enum sts_mode *mode_out)
{
	for (unsigned i = 0; i < STS_MODES; i++)
		if (slice_is(value, slice_str(modes[i]))) {
			*mode_out = (enum sts_mode)i;
			return true;
		}
	return false;
}

/* ["*."] and a name. */
static bool
is_pattern(struct slice value)
{
	if (slice_has_prefix(value, "*."))
		value = slice_after(value, 2);
	return value.len <= HOST_NAME_MOST && host_is_name(value);
}

static int
add_host(struct sts_policy *policy, struct slice value)
{
	if (!is_pattern(value))
		return -EBADMSG;
	if (slice_has_suffix(value, "."))
		value.len--;
	if (policy->hosts_bytes + value.len + 1 > sizeof(policy->hosts))
		return -E2BIG;
	memcpy(policy->hosts + policy->hosts_bytes, value.at, value.len);
	policy->hosts_bytes += value.len;
	policy->hosts[policy->hosts_bytes++] = '\n';
	return 0;
}

/* RFC 8461 3.2: of what is said twice, but for hosts, the first counts. */
static int
read_line(struct slice line, struct reading *reading,
    struct sts_policy *policy)
{
	uint64_t age = 0;
	struct slice name;

	if (!slice_cut(&line, ':', &name))
		return -EBADMSG;
	line = slice_trim(line);
	if (slice_is(name, slice_str("mx")))
		return add_host(policy, line);
	if (slice_is(name, slice_str("version")) && !reading->has_version) {
		reading->has_version = true;
		return slice_is(line, slice_str("STSv1")) ? 0 : -EBADMSG;
	}
	if (slice_is(name, slice_str("mode")) && !reading->has_mode) {
		reading->has_mode = true;
		return read_mode(line, &policy->mode) ? 0 : -EBADMSG;
	}
	if (slice_is(name, slice_str("max_age")) && !reading->has_age) {
		reading->has_age = true;
		if (slice_u64(line, STS_AGE_MOST, &age) < 0)
			return -EBADMSG;
		policy->age_seconds = (uint32_t)age;
	}
	return 0;	/* fields that are yet to be */
}

int
sts_policy_read(struct slice file, struct sts_policy *policy_out)
{
	struct sts_policy policy = { .mode = STS_NONE };
	struct reading reading = { .has_version = false };
	struct slice line;
	bool more = true;
	int r = 0;

	while (more && r == 0) {
		more = slice_cut(&file, '\n', &line);
		if (!more)
			line = file;
		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		if (line.len > 0)
			r = read_line(line, &reading, &policy);
	}
	if (r < 0)
		return r;
	if (!reading.has_version || !reading.has_mode || !reading.has_age ||
	    (policy.hosts_bytes == 0 && policy.mode != STS_NONE))
		return -EBADMSG;
	*policy_out = policy;
	return 0;
}

void
sts_policy_write(struct text *text, const struct sts_policy *policy)
{
	struct slice rest = slice_of(policy->hosts, policy->hosts_bytes);
	struct slice pattern;

	text_addf(text, "version: STSv1\nmode: %s\n", modes[policy->mode]);
	while (slice_cut(&rest, '\n', &pattern))
		text_addf(text, "mx: %.*s\n", SLICE_FMT(pattern));
	text_addf(text, "max_age: %u\n", (unsigned)policy->age_seconds);
}

bool
sts_policy_allows(const struct sts_policy *policy, const char *host)
{
	struct slice rest = slice_of(policy->hosts, policy->hosts_bytes);
	struct slice name = slice_str(host), pattern;
	size_t dot;

	if (slice_has_suffix(name, "."))
		name.len--;
	dot = slice_find(name, '.');
	while (slice_cut(&rest, '\n', &pattern)) {
		if (slice_is_nocase(pattern, name))
			return true;
		if (slice_has_prefix(pattern, "*.") && dot != SIZE_MAX &&
		    dot > 0 && slice_is_nocase(slice_after(pattern, 1),
		    slice_after(name, dot)))
			return true;
	}
	return false;
}
