/*
 * http_fuzz.c - what browsers send, and what is put into a page of it
 *
 * The first byte says how the rest is taken: as a form, as the fields of a
 * head, as text or as an answer.  Whatever it is, nothing of it may become
 * markup.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/http/answer.h"
#include "gateway/http/form.h"
#include "gateway/http/head.h"
#include "gateway/http/html.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
as_form(struct slice s)
{
	struct form form;

	if (form_read(s, &form) < 0)
		return;
	if (form.count > FORM_FIELDS)
		abort();
	(void)form_value(&form, "label");
	form_free(&form);
}

/* "Name: value" lines. */
static void
as_head(struct slice s)
{
	struct http_head head = { 0 };
	struct slice line, name, value;
	uint64_t bytes = 0;

	while (slice_cut(&s, '\n', &line))
		if (slice_cut(&line, ':', &name))
			http_head_add(&head, name, line);
	if (http_head_judge(&head, slice_str("HTTP/1.1"), 1000, &bytes) ==
	    0 && (bytes > 1000 || head.has_coding || head.host.len == 0))
		abort();
	(void)http_cookie(head.cookie, "id", &value);
	(void)http_is_type(head.content_type, "application/json");
	if (http_is_own_origin(&head) && !slice_has_prefix(head.origin,
	    "https://"))
		abort();
	(void)html_language(head.accept_language, LANGUAGE_EN);
}

static void
as_text(struct slice s)
{
	for (int place = HTML_TEXT; place <= HTML_QUERY; place++) {
		TEXT_AUTO page = TEXT_INIT(1024 * 1024);

		html_add(&page, (enum html_place)place, s);
		if (text_failed(&page))
			continue;
		if (!slice_is_utf8(text_slice(&page)))
			abort();
		for (size_t i = 0; i < page.len; i++)
			if (page.at[i] != '\0' &&
			    strchr("<>\"'`", page.at[i]) != NULL)
				abort();
	}
}

static void
as_answer(struct slice s)
{
	const struct admin_request *request;
	struct answer answer;

	for (unsigned i = 0; (request = admin_at(i)) != NULL; i++) {
		if (answer_open(&answer, request, s) < 0)
			continue;
		while (answer_next(&answer))
			(void)answer_text(&answer, "label");
		(void)answer_number(&answer, "id");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct slice s = slice_of(at, len);

	if (len == 0)
		return 0;
	s = slice_after(s, 1);
	switch (at[0] & 3) {
	case 0:
		as_form(s);
		break;
	case 1:
		as_head(s);
		break;
	case 2:
		as_text(s);
		break;
	default:
		as_answer(s);
		break;
	}
	return 0;
}
