/*
 * sasl.c - what a client's SASL response says
 */
#include "lib/base/sasl.h"

#include <errno.h>
#include <openssl/evp.h>

#include "lib/base/digits.h"

int
sasl_decode(struct slice text, char *buffer, size_t size,
    struct slice *bytes_out)
{
	size_t len = 0, digits = text.len;
	uint32_t bits = 0;
	unsigned held = 0;	/* how many of `bits` are not written yet */

	if (text.len % 4 != 0)
		return -EINVAL;
	for (int pad = 0; pad < 2; pad++)
		if (digits > 0 && text.at[digits - 1] == '=')
			digits--;
	for (size_t i = 0; i < digits; i++) {
		int six = base64_digit(text.at[i]);

		if (six < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)six;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (len == size)
			return -E2BIG;
		buffer[len++] = (char)(bits >> held & 0xff);
		bits &= (1u << held) - 1;
	}
	if (bits != 0 || held == 6)
		return -EINVAL;
	*bytes_out = slice_of(buffer, len);
	return 0;
}

void
sasl_encode(struct text *text, struct slice bytes)
{
	char *at = text_space(text, (bytes.len + 2) / 3 * 4 + 1);

	if (at == NULL)
		return;
	(void)EVP_EncodeBlock((unsigned char *)at,
	    (const unsigned char *)bytes.at, (int)bytes.len);
	text->len--;		/* the NUL behind it */
}

int
sasl_plain(struct slice message, struct slice *authzid_out,
    struct slice *user_out, struct slice *password_out)
{
	struct slice authzid, user;

	if (!slice_cut(&message, '\0', &authzid) ||
	    !slice_cut(&message, '\0', &user) ||
	    slice_find(message, '\0') != SIZE_MAX)
		return -EINVAL;
	if (user.len == 0 || message.len == 0)
		return -EINVAL;
	*authzid_out = authzid;
	*user_out = user;
	*password_out = message;
	return 0;
}
