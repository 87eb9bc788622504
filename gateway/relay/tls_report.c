/*
 * tls_report.c - what a domain is told of TLS with its hosts
 */
#include "gateway/relay/tls_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <zlib.h>

#include "lib/base/sasl.h"
#include "lib/message/compose.h"

#define GZIP_WINDOW	(15 + 16)	/* zlib's word for gzip */
#define GZIP_MEMORY	8
#define LINE_BYTES	57		/* 76 characters of base64 */
#define BOUNDARY	"=_tls-report"	/* base64 has no such line */

static struct slice
our_domain(const struct tls_report *report)
{
	return slice_after(report->from,
	    slice_find_last(report->from, '@') + 1);
}

/* JSON */

static void
add_time(struct text *text, int64_t utc)
{
	const time_t at = (time_t)utc;
	char words[32];
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL ||
	    strftime(words, sizeof(words), "\"%Y-%m-%dT%H:%M:%SZ\"",
	    &tm) == 0)
		(void)snprintf(words, sizeof(words), "\"\"");
	text_add_str(text, words);
}

/* The same for all who are told of it. */
static void
add_id(struct text *text, const struct tls_report *report)
{
	text_addf(text, "%lld.%.*s@%.*s", (long long)report->begin_utc,
	    SLICE_FMT(report->domain), SLICE_FMT(report->hostname));
}

/* Its lines, or of those that begin so what is behind that. */
static void
add_lines(struct text *text, struct slice rest, const char *beginning)
{
	struct slice line;
	bool is_first = true;

	text_add_byte(text, '[');
	while (slice_cut(&rest, '\n', &line)) {
		if (!slice_has_prefix(line, beginning))
			continue;
		if (!is_first)
			text_add_byte(text, ',');
		is_first = false;
		text_add_json(text, slice_after(line, strlen(beginning)));
	}
	text_add_byte(text, ']');
}

static void
add_failures(struct text *text, const struct tls_counted *counted)
{
	text_add_str(text, ",\"failure-details\":[");
	for (size_t i = 0; i < counted->detail_count; i++) {
		text_addf(text, "%s{\"result-type\":\"%s\",",
		    i > 0 ? "," : "",
		    tls_result_word(counted->details[i].result));
		if (counted->details[i].host[0] != '\0') {
			text_add_str(text, "\"receiving-mx-hostname\":");
			text_add_json(text,
			    slice_str(counted->details[i].host));
			text_add_byte(text, ',');
		}
		text_addf(text, "\"failed-session-count\":%u}",
		    (unsigned)counted->details[i].count);
	}
	text_add_byte(text, ']');
}

static void
add_policy(struct text *text, const struct tls_counted *counted)
{
	struct slice lines = slice_str(counted->text);

	text_addf(text, "{\"policy\":{\"policy-type\":\"%s\"",
	    tls_policy_word(counted->policy));
	if (lines.len > 0) {
		text_add_str(text, ",\"policy-string\":");
		add_lines(text, lines, "");
	}
	text_add_str(text, ",\"policy-domain\":");
	text_add_json(text, slice_str(counted->domain));
	if (counted->policy == TLS_POLICY_STS && lines.len > 0) {
		text_add_str(text, ",\"mx-host\":");
		add_lines(text, lines, "mx: ");
	}
	text_addf(text, "},\"summary\":{"
	    "\"total-successful-session-count\":%llu,"
	    "\"total-failure-session-count\":%llu}",
	    (unsigned long long)counted->good,
	    (unsigned long long)counted->bad);
	if (counted->detail_count > 0)
		add_failures(text, counted);
	text_add_byte(text, '}');
}

void
tls_report_write(struct text *text, const struct tls_report *report)
{
	TEXT_AUTO id = TEXT_INIT(1024);

	add_id(&id, report);
	text_add_str(text, "{\"organization-name\":");
	text_add_json(text, our_domain(report));
	text_add_str(text, ",\"date-range\":{\"start-datetime\":");
	add_time(text, report->begin_utc);
	text_add_str(text, ",\"end-datetime\":");
	add_time(text, report->end_utc);
	text_add_str(text, "},\"contact-info\":");
	text_add_json(text, report->from);
	text_add_str(text, ",\"report-id\":");
	text_add_json(text, text_slice(&id));
	text_add_str(text, ",\"policies\":[");
	for (size_t i = 0; i < report->count; i++) {
		if (i > 0)
			text_add_byte(text, ',');
		add_policy(text, &report->counted[i]);
	}
	text_add_str(text, "]}\n");
}

int
tls_report_pack(struct text *text, struct slice bytes)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes.at,
	    .avail_in = (uInt)bytes.len };
	size_t most;
	char *room;
	int r;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
	    GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	most = deflateBound(&z, (uLong)bytes.len);
	room = text_space(text, most);
	if (room == NULL) {
		(void)deflateEnd(&z);
		return -ENOMEM;
	}
	z.next_out = (Bytef *)room;
	z.avail_out = (uInt)most;
	r = deflate(&z, Z_FINISH);
	text->len -= z.avail_out;
	(void)deflateEnd(&z);
	return r == Z_STREAM_END ? 0 : -ENOMEM;
}

/* The mail */

/* RFC 8460 5.1: the name of the file says what it is. */
static void
add_name(struct text *text, const struct tls_report *report)
{
	text_addf(text, "%.*s!%.*s!%lld!%lld.json.gz",
	    SLICE_FMT(our_domain(report)), SLICE_FMT(report->domain),
	    (long long)report->begin_utc, (long long)report->end_utc);
}

static void
add_words(struct text *text, const struct tls_report *report)
{
	text_add_str(text, "--" BOUNDARY "\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
	text_addf(text, "This is a report of how TLS went with the hosts "
	    "that take mail for\r\n%.*s, as a mail server of %.*s\r\n"
	    "has seen them.  It is the attached file.\r\n",
	    SLICE_FMT(report->domain), SLICE_FMT(our_domain(report)));
}

static void
add_file(struct text *text, const struct tls_report *report,
    struct slice packed)
{
	text_add_str(text, "\r\n--" BOUNDARY "\r\n"
	    "Content-Type: application/tlsrpt+gzip\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment;\r\n\tfilename=\"");
	add_name(text, report);
	text_add_str(text, "\"\r\n\r\n");
	for (size_t at = 0; at < packed.len; at += LINE_BYTES) {
		sasl_encode(text, slice_first(slice_after(packed, at),
		    LINE_BYTES));
		text_add_str(text, "\r\n");
	}
	text_add_str(text, "\r\n--" BOUNDARY "--\r\n");
}

int
tls_report_mail_write(struct text *text, const struct tls_report *report,
    const struct tls_report_mail *mail)
{
	TEXT_AUTO subject = TEXT_INIT(COMPOSE_SUBJECT_MOST);
	struct compose compose = {
		.at_utc_ms = mail->at_utc_ms,
		.zone_minutes = mail->zone_minutes, .id = mail->id,
		.hostname = report->hostname, .from = report->from,
		.to = mail->to
	};
	int r;

	text_addf(&subject, "Report Domain: %.*s Submitter: %.*s "
	    "Report-ID: <%lld@%.*s>", SLICE_FMT(report->domain),
	    SLICE_FMT(our_domain(report)), (long long)report->begin_utc,
	    SLICE_FMT(report->hostname));
	if (text_failed(&subject)) {
		text_clear(&subject);
		text_addf(&subject, "Report Domain: %.*s",
		    SLICE_FMT(report->domain));
	}
	compose.subject = text_slice(&subject);
	r = compose_head(text, &compose, "auto-generated");
	if (r < 0)
		return r;
	text_addf(text, "TLS-Report-Domain: %.*s\r\n"
	    "TLS-Report-Submitter: %.*s\r\nTLS-Required: No\r\n"
	    "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n"
	    "\tboundary=\"" BOUNDARY "\"\r\n\r\n", SLICE_FMT(report->domain),
	    SLICE_FMT(our_domain(report)));
	add_words(text, report);
	add_file(text, report, mail->packed);
	return 0;
}
