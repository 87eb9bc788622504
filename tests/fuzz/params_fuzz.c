/*
 * params_fuzz.c - no parameter brings a control character in
 */
#include <assert.h>

#include "lib/message/params.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define ALL	(OFFER_AUTH | OFFER_UTF8 | OFFER_DSN | OFFER_BINARY)

static void
check(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		assert((unsigned char)s.at[i] >= 0x20 && s.at[i] != 0x7f);
	assert(slice_is_utf8(s));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice all = slice_of(bytes, len);
	struct mail_params mail = { 0 };
	struct rcpt_params rcpt = { 0 };
	const char *why = NULL;

	for (unsigned offers = 0; offers <= ALL; offers += ALL) {
		ARENA_AUTO arena = arena_new(4096);
		int r = params_mail(all, offers, arena, &mail, &why);

		assert(r == 0 || why != NULL);
		check(mail.envid);
		arena_reset(arena);
		why = NULL;
		r = params_rcpt(all, offers, arena, &rcpt, &why);
		assert(r == 0 || why != NULL);
		assert((rcpt.notify & NOTIFY_NEVER) == 0 ||
		    rcpt.notify == NOTIFY_NEVER);
		check(rcpt.orcpt);
		mail.envid = rcpt.orcpt = slice_of(NULL, 0);
	}
	return 0;
}
