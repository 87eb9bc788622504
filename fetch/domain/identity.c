/*
 * identity.c - is this another copy of a message that came before?
 */
#include "fetch/domain/identity.h"

#include <errno.h>
#include <string.h>

#include "fetch/domain/fields.h"

/* What every copy has alike.  The order is part of the identity. */
static const char *const shared_fields[] = {
	"message-id", "date", "from", "subject", "to", "cc",
	/* what the body is, and whom an answer reaches: else one could be sent
	 * ahead that nobody can read, and the true one would be its copy */
	"sender", "reply-to", "content-type", "content-transfer-encoding",
	"content-disposition",
};

#define SHARED_COUNT	(sizeof(shared_fields) / sizeof(shared_fields[0]))

int
identity_open(struct identity *id)
{
	memset(id, 0, sizeof(*id));
	id->header.limit = IDENTITY_HEADER_BYTES;
	return digest_open(&id->digest);
}

void
identity_close(struct identity *id)
{
	digest_close(&id->digest);
	text_free(&id->header);
	memset(id, 0, sizeof(*id));
}

void
identity_begin(struct identity *id)
{
	digest_begin(&id->digest);
	text_clear(&id->header);
	id->in_body = id->is_known = id->cr = id->in_line = id->failed =
	    false;
	id->empty_lines = 0;
}

/* Add a value on one line, with one blank where there were some. */
static void
add_value(struct text *text, struct slice value)
{
	struct slice s = slice_trim(value);
	bool blank = false;

	for (size_t i = 0; i < s.len; i++) {
		bool is_blank = s.at[i] == ' ' || s.at[i] == '\t' ||
		    s.at[i] == '\r' || s.at[i] == '\n';

		if (is_blank && !blank)
			text_add_byte(text, ' ');
		else if (!is_blank)
			text_add_byte(text, s.at[i]);
		blank = is_blank;
	}
}

/* The fields of this name; true: one of them says something. */
static bool
add_fields(struct identity *id, const char *name)
{
	struct slice rest = text_slice(&id->header);
	struct header_field field;
	bool says = false;

	while (domain_field_named(&rest, slice_str(name), &field)) {
		TEXT_AUTO line = TEXT_INIT(field.value.len + 16);

		add_value(&line, field.value);
		says = says || (line.len > 0 &&
		    !slice_is_str(text_slice(&line), "<>"));
		digest_add(&id->digest, slice_str(name));
		digest_add(&id->digest, slice_of(":", 1));
		digest_add(&id->digest, text_slice(&line));
		digest_add(&id->digest, slice_of("\n", 1));
		id->failed = id->failed || text_failed(&line);
	}
	return says;
}

/* The header is over: what it says goes in, and then the body. */
static void
end_header(struct identity *id)
{
	bool says[SHARED_COUNT];

	for (size_t i = 0; i < SHARED_COUNT; i++)
		says[i] = add_fields(id, shared_fields[i]);
	id->is_known = says[0] || says[1];
	digest_add(&id->digest, slice_of("\n", 1));
	id->in_body = true;
}

/* Bytes on a line of the body. */
static void
add_bytes(struct identity *id, struct slice s)
{
	if (s.len == 0)
		return;
	for (; id->empty_lines > 0; id->empty_lines--)
		digest_add(&id->digest, slice_of("\r\n", 2));
	digest_add(&id->digest, s);
	id->in_line = true;
}

static void
end_line(struct identity *id)
{
	if (id->in_line)
		digest_add(&id->digest, slice_of("\r\n", 2));
	else
		id->empty_lines++;
	id->in_line = false;
}

/* Bytes of the body; whether CR or LF or both end a line does not count. */
static void
add_body(struct identity *id, struct slice s)
{
	while (s.len > 0) {
		size_t lf = slice_find(s, '\n');
		struct slice line = slice_first(s, lf);

		if (id->cr && line.len > 0)
			add_bytes(id, slice_of("\r", 1));
		id->cr = line.len > 0 ? line.at[line.len - 1] == '\r' :
		    id->cr;
		if (line.len > 0 && id->cr)
			line.len--;
		add_bytes(id, line);
		if (lf == SIZE_MAX)
			return;
		id->cr = false;
		end_line(id);
		s = slice_after(s, lf + 1);
	}
}

/* The line that now ends the kept header is empty: the header is over. */
static bool
is_empty_line(const struct text *header)
{
	struct slice s = text_slice(header);

	if (s.len > 0 && s.at[s.len - 1] == '\n')
		s.len--;
	if (s.len > 0 && s.at[s.len - 1] == '\r')
		s.len--;
	return s.len == 0 || s.at[s.len - 1] == '\n';
}

void
identity_add(struct identity *id, struct slice s)
{
	while (s.len > 0 && !id->in_body) {
		size_t lf = slice_find(s, '\n');
		size_t n = lf == SIZE_MAX ? s.len : lf + 1;
		size_t room = id->header.limit - id->header.len;
		bool full = n > room;

		if (full)
			n = room;
		text_add(&id->header, slice_first(s, n));
		id->failed = id->failed || text_failed(&id->header);
		s = slice_after(s, n);
		if (full || id->failed ||
		    (lf != SIZE_MAX && is_empty_line(&id->header)))
			end_header(id);
	}
	add_body(id, s);
}

int
identity_end(struct identity *id, unsigned char identity_out[DIGEST_BYTES])
{
	if (!id->in_body)
		end_header(id);
	if (id->cr)
		add_bytes(id, slice_of("\r", 1));
	if (id->in_line)
		end_line(id);
	if (id->failed)
		return -ENOMEM;
	if (!id->is_known)
		return -ENOENT;
	return digest_end(&id->digest, identity_out);
}
