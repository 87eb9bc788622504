/*
 * api.c - requests of people as JSON over HTTPS
 *
 * One object in, one object out, the same as on the control socket
 * (admin_json.h): whatever the roles answer comes with 200; another status says
 * that nobody was asked.
 */
#include "gateway/http/web_inside.h"

#include <errno.h>

#include <openssl/crypto.h>

#include "policy/admin_json.h"

#define TYPE	"application/json"

static void
reply(struct web_visit *visit, unsigned status, struct text *line)
{
	text_add_byte(line, '\n');
	web_reply(visit, status, TYPE, line);
}

void
api_fail(struct web_visit *visit, enum web_fault fault)
{
	static const struct {
		const char	*code;
		enum sentence	 words;
	} faults[WEB_FAULTS] = {
		[WEB_LATER] = { "later", SAY_LATER },
		[WEB_NO_PAGE] = { "no-such", SAY_ME_NO_PAGE },
		[WEB_NO_METHOD] = { "unfit", SAY_ME_NO_PAGE },
		[WEB_BROKEN] = { "unfit", SAY_UNFIT },
		[WEB_FOREIGN] = { "foreign", SAY_ME_FOREIGN },
		[WEB_STRANGER] = { "login", SAY_ME_STRANGER },
		[WEB_LOGGED_OUT] = { "login", SAY_ME_WANTS_LOGIN },
		[WEB_FORBIDDEN] = { "refused", SAY_MAY_NOT },
	};
	TEXT_AUTO line = TEXT_INIT(4096);
	bool wants_login = fault == WEB_STRANGER || fault == WEB_LOGGED_OUT;

	admin_error_write(faults[fault].code,
	    say(visit->language, faults[fault].words), &line);
	reply(visit, wants_login ? 401 : web_fault_status(fault), &line);
}

/* The role's answer, as it is. */
static void
answered(struct web_visit *visit, struct answer *answer)
{
	TEXT_AUTO line = TEXT_INIT(2 * ADMIN_LINE_BYTES);

	if (admin_answer_write(answer->request, answer->packed,
	    visit->language, &line) < 0 || text_failed(&line))
		web_fail(visit, WEB_LATER);
	else
		reply(visit, 200, &line);
}

void
api_request(struct web_visit *visit)
{
	TEXT_AUTO packed = TEXT_INIT(2 * HTTP_BODY_BYTES);
	TEXT_AUTO line = TEXT_INIT(4096);
	const struct admin_request *request;
	const char *why = "";
	int r = -ENOMEM;

	/* room at once: growing would leave a password in freed memory */
	if (text_space(&packed, HTTP_BODY_BYTES + 2048) != NULL) {
		text_clear(&packed);
		r = admin_read_own(visit->request->body,
		    slice_str(visit->address), &request, &packed, &why);
	}
	if (r == 0)
		web_ask_packed(visit, request, text_slice(&packed), answered);
	else if (r == -EINVAL) {
		admin_error_write("unfit", why, &line);
		reply(visit, 400, &line);
	} else
		web_fail(visit, WEB_LATER);
	if (packed.at != NULL)
		OPENSSL_cleanse(packed.at, packed.size);
}
