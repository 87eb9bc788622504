/*
 * dkim_proof.c - does this machine check signatures as everybody does?
 */
#include "filters/auth/dkim_proof.h"

#include <errno.h>

#include "filters/auth/dkim.h"

/* RFC 8463 A.3 */
static const char header[] =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    " date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n";
static const char body[] =
    "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

/* RFC 8463 A.2, in the order of the signatures */
static const char *const keys[] = {
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
    "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
    "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
    "Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
};
#define KEYS	(sizeof(keys) / sizeof(*keys))

/* Check the example with this end of its body: all results must be `want`. */
static int
check(struct dkim *dkim, const char *more, enum dkim_result want)
{
	int r = dkim_add(dkim, slice_str(header));

	if (r == 0)
		r = dkim_add(dkim, slice_str(body));
	if (r == 0)
		r = dkim_add(dkim, slice_str(more));
	if (r == 0)
		r = dkim_end(dkim);
	if (r < 0)
		return r;
	if (dkim_count(dkim) != KEYS)
		return -EIO;
	for (unsigned i = 0; i < KEYS; i++) {
		struct slice text = slice_str(keys[i]);

		dkim_key(dkim, i, DKIM_LOOKUP_FOUND, false, &text, 1);
		if (dkim_finding(dkim, i).result != want)
			return -EIO;
	}
	return 0;
}

static int
try(const struct dkim_tools *tools, const char *more, enum dkim_result want)
{
	static const struct dkim_options options = {
		.received_utc = 1528637909	/* its t= */
	};
	struct dkim *dkim = dkim_new(tools, &options);
	int r;

	if (dkim == NULL)
		return -ENOMEM;
	r = check(dkim, more, want);
	dkim_free(dkim);
	return r;
}

int
dkim_proof(const struct dkim_tools *tools)
{
	int r = try(tools, "", DKIM_PASS);

	return r < 0 ? r : try(tools, "Or not?\r\n", DKIM_FAIL);
}
