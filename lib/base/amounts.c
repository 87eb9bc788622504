/*
 * amounts.c - numbers and sizes as people write them, in each language
 */
#include "lib/base/amounts.h"

#include <inttypes.h>
#include <string.h>

void
amount_number(enum language language, uint64_t n, char out[AMOUNT_SIZE])
{
	char digits[24];
	size_t len, at = 0;

	(void)snprintf(digits, sizeof(digits), "%" PRIu64, n);
	len = strlen(digits);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = language == LANGUAGE_ID ? '.' : ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
}

void
amount_messages(enum language language, uint64_t n, char out[AMOUNT_SIZE])
{
	TEXT_AUTO text = TEXT_INIT(AMOUNT_SIZE);
	char number[AMOUNT_SIZE];

	amount_number(language, n, number);
	if (n == 1)
		text_say(&text, language, ONE_MESSAGE, number);
	else
		text_say(&text, language, MESSAGES, number);
	if (slice_cstr(text_slice(&text), out, AMOUNT_SIZE) < 0)
		out[0] = '\0';
}

void
amount_bytes(enum language language, uint64_t bytes, char out[AMOUNT_SIZE])
{
	static const char *const units[] = {
		"B", "kB", "MB", "GB", "TB", "PB"
	};
	size_t unit = 0;
	uint64_t scale = 1, tenths;

	while (bytes / scale >= 1000 &&
	    unit + 1 < sizeof(units) / sizeof(units[0])) {
		scale *= 1000;
		unit++;
	}
	tenths = bytes / scale * 10 + bytes % scale * 10 / scale;
	if (unit == 0 || tenths >= 100)
		(void)snprintf(out, AMOUNT_SIZE, "%" PRIu64 " %s",
		    tenths / 10, units[unit]);
	else
		(void)snprintf(out, AMOUNT_SIZE, "%" PRIu64 "%c%" PRIu64
		    " %s", tenths / 10, language == LANGUAGE_ID ? ',' : '.',
		    tenths % 10, units[unit]);
}
