/*
 * control_fuzz.c - any bytes as a line of the control socket, and as what roles
 * say about console requests
 *
 * Arguments that were taken from a line are always good packed arguments.
 */
#include <stdlib.h>

#include "policy/admin_json.h"
#include "policy/keeper.h"

/* libFuzzer's entry. */
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
as_body(struct slice body)
{
	const struct admin_request *request;
	struct keeper_account account;
	struct keeper_welcome welcome;
	struct scram_salt salt;
	struct keeper_login login;
	struct keeper_whose whose;
	struct admin_work work;
	struct slice packed;
	struct keeper_person person;
	uint64_t number;

	(void)keeper_whose_asked(body, &packed);
	(void)keeper_whose_said(body, &whose);
	(void)keeper_login_asked(body, &login);
	(void)keeper_login_said(body, &welcome);
	(void)keeper_salt_said(body, &salt);
	(void)keeper_account_asked(body, &number);
	(void)keeper_account_said(body, &account);
	(void)keeper_person_said(body, &person);
	if (keeper_admin_asked(body, &request, &number, &packed) == 0)
		(void)admin_begin(&work, request, packed, 0);
	for (unsigned i = 0; (request = admin_at(i)) != NULL; i++) {
		TEXT_AUTO line = TEXT_INIT(2 * ADMIN_LINE_BYTES);

		(void)admin_begin(&work, request, body, 0);
		(void)admin_answer_write(request, body, LANGUAGE_ID, &line);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	TEXT_AUTO packed = TEXT_INIT(ADMIN_LINE_BYTES);
	const struct admin_request *request;
	struct admin_work work;
	const char *why;

	as_body(slice_of(at, len));
	if (admin_read(slice_of(at, len), &request, &packed, &why) != 0)
		return 0;
	if (admin_begin(&work, request, text_slice(&packed), 0) != 0)
		abort();
	return 0;
}
