/*
 * tlsrpt_fuzz.c - a domain's record, and a table that may hold anything
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/relay/tls_report.h"
#include "gateway/relay/tlsrpt.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What comes out ends no line of anybody. */
static void
check(const struct tlsrpt_target *target)
{
	const char *const texts[] = { target->address, target->url.host,
	    target->url.path };

	assert(target->address[0] != '\0' || target->url.path[0] == '/');
	for (size_t i = 0; i < 3; i++)
		assert(strpbrk(texts[i], "\r\n <>") == NULL);
}

static void
report(struct tls_counts *counts)
{
	static struct tls_counted counted;
	TEXT_AUTO json = TEXT_INIT(TLS_REPORT_BYTES);
	const struct tls_report all = {
		.from = slice_str("tls@office.test"),
		.hostname = slice_str("mx.office.test"),
		.domain = slice_str("far.test"),
		.counted = &counted, .count = 1
	};

	if (tls_counts_get(counts, 0, &counted))
		tls_report_write(&json, &all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct tlsrpt_target targets[TLSRPT_TARGETS];
	struct slice input = slice_of(bytes, len), two[2];
	static char table[TLS_COUNTS_BYTES];
	size_t count = 0;

	two[0] = slice_first(input, len / 2);
	two[1] = slice_after(input, len / 2);
	if (tlsrpt_record_read(&input, 1, targets, &count) == 0) {
		assert(count > 0 && count <= TLSRPT_TARGETS);
		for (size_t i = 0; i < count; i++)
			check(&targets[i]);
	}
	(void)tlsrpt_record_read(two, 2, targets, &count);
	memset(table, 0, TLS_SLOT_BYTES);
	memcpy(table, bytes, len < TLS_SLOT_BYTES ? len : TLS_SLOT_BYTES);
	report(tls_counts_in(table));
	tls_counts_add(tls_counts_in(table), &(struct tls_session){
	    .domain = slice_str("far.test"), .host = input,
	    .text = slice_first(two[1], TLS_POLICY_BYTES + 10),
	    .result = TLS_EXPIRED });
	report(tls_counts_in(table));
	return 0;
}
