/*
 * typed_fuzz.c - addresses of servers as people type them, and what a browser
 * brings back
 *
 * What is read of a URL or a proxy ends no line and is written and read back
 * the same.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/https.h"
#include "policy/grants.h"
#include "programs/cli_browser.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_printable(const char *s)
{
	for (; *s != '\0'; s++)
		assert((unsigned char)*s > 0x20 && (unsigned char)*s < 0x7f);
}

static void
check_url(struct slice input)
{
	struct https_url url, again;
	TEXT_AUTO text = TEXT_INIT(4096);
	bool is_v6;

	if (https_url_read(input, &url) < 0)
		return;
	assert(url.host[0] != '\0' && url.path[0] == '/' && url.port != 0);
	check_printable(url.host);
	check_printable(url.path);
	is_v6 = strchr(url.host, ':') != NULL;
	text_addf(&text, "https://%s%s%s:%u%s", is_v6 ? "[" : "", url.host,
	    is_v6 ? "]" : "", url.port, url.path);
	assert(https_url_read(text_slice(&text), &again) == 0);
	assert(strcmp(url.host, again.host) == 0 && url.port == again.port &&
	    strcmp(url.path, again.path) == 0);
}

static void
check_proxy(struct slice input)
{
	struct fetch_proxy proxy, again;
	TEXT_AUTO one = TEXT_INIT(1024);
	TEXT_AUTO two = TEXT_INIT(1024);

	if (!fetch_proxy_read(input, &proxy))
		return;
	fetch_proxy_write(&proxy, &one);
	assert(!text_failed(&one));
	assert(fetch_proxy_read(text_slice(&one), &again));
	fetch_proxy_write(&again, &two);
	assert(slice_is(text_slice(&one), text_slice(&two)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice input = slice_of(bytes, len);
	struct browser_back back;

	check_url(input);
	check_proxy(input);
	if (browser_read(input, &back)) {
		assert(memchr(back.code, '\0', sizeof(back.code)) != NULL);
		assert(memchr(back.state, '\0', sizeof(back.state)) != NULL);
	}
	return 0;
}
