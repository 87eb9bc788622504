/*
 * cli_remote.c - a hub elsewhere, asked over HTTPS with a person's own rights
 *
 * One connection serves all requests of a command.  Nothing is followed, no
 * proxy or file of settings is looked for: the password goes to the hub that
 * was named, once its certificate is trusted, and nowhere else.
 */
#include "programs/cli_remote.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>


#define PIN_BYTES	32
#define CONNECT_S	20L
#define ANSWER_S	60L	/* a wrong password is answered after 15 s */

struct cli_remote {
	const char	*server, *login, *ca_file, *password_file;
	bool		 has_pin;
	unsigned char	 pin[PIN_BYTES];
	CURL		*curl;
	struct curl_slist *fields;
	char		 url[512];
	char		 password[CLI_SECRET_SIZE];
	char		 fault[CURL_ERROR_SIZE];
};

/* Options */

/* 64 hexadecimal digits, with colons between the pairs or without. */
static bool
read_pin(const char *words, unsigned char pin_out[PIN_BYTES])
{
	struct slice rest = slice_str(words);

	for (size_t i = 0; i < PIN_BYTES; i++) {
		int byte;

		if (i > 0 && slice_has_prefix(rest, ":"))
			rest = slice_after(rest, 1);
		byte = slice_hex(rest);
		if (byte < 0)
			return false;
		pin_out[i] = (unsigned char)byte;
		rest = slice_after(rest, 2);
	}
	return rest.len == 0;
}

/* HUB, HUB:PORT or https://HUB:PORT: nothing that could mean another host. */
static bool
make_url(const char *server, char *url, size_t size)
{
	static const char scheme[] = "https://";
	struct slice s = slice_str(server);
	int n;

	if (slice_has_prefix(s, scheme))
		s = slice_after(s, sizeof(scheme) - 1);
	if (s.len > 0 && s.at[s.len - 1] == '/')
		s.len--;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') &&
		    (c < 'a' || c > 'z') && strchr("-.:[]_", c) == NULL)
			return false;
	}
	n = snprintf(url, size, "%s%.*s/api", scheme, SLICE_FMT(s));
	return s.len > 0 && n > 0 && (size_t)n < size;
}

/* The place for the value of this option, or NULL. */
static const char **
place_of(struct cli_remote *remote, const char **pin, struct slice name)
{
	const struct {
		const char	*name;
		const char	**place;
	} options[] = {
		{ "--server",	     &remote->server },
		{ "--login",	     &remote->login },
		{ "--ca-file",	     &remote->ca_file },
		{ "--password-file", &remote->password_file },
		{ "--pin",	     pin },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (slice_is_str(name, options[i].name))
			return options[i].place;
	return NULL;
}

/* What was given makes sense.  CLI_OK, or told. */
static int
check(struct cli *cli, struct cli_remote *remote, const char *pin)
{
	if (remote->server == NULL)
		return cli_fail(cli, CLI_USAGE, OPTION_MISSING, "--server");
	if (remote->login == NULL)
		return cli_fail(cli, CLI_USAGE, OPTION_MISSING, "--login");
	if (!make_url(remote->server, remote->url, sizeof(remote->url)))
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--server",
		    remote->server, say(cli->language, SAY_WANT_SERVER));
	if (strchr(remote->login, ':') != NULL)	/* RFC 7617 2 */
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--login",
		    remote->login, say(cli->language, SAY_WANT_ADDRESS));
	remote->has_pin = pin != NULL;
	if (pin != NULL && !read_pin(pin, remote->pin))
		return cli_fail(cli, CLI_USAGE, OPTION_UNFIT, "--pin", pin,
		    say(cli->language, SAY_WANT_PIN));
	cli->login = remote->login;
	return CLI_OK;
}

int
cli_remote_options(struct cli *cli, int *argc, char ***argv)
{
	struct cli_remote *remote = calloc(1, sizeof(*remote));
	const char *pin = NULL;
	bool any = false;

	if (remote == NULL)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	cli->remote = remote;
	while (*argc > 0 && strncmp((*argv)[0], "--", 2) == 0) {
		struct slice rest = slice_str((*argv)[0]), name = rest;
		bool has_value = slice_cut(&rest, '=', &name);
		const char **place = place_of(remote, &pin, name);

		if (place == NULL)
			break;
		if (!has_value && *argc == 1)
			return cli_fail(cli, CLI_USAGE, OPTION_WANTS_VALUE,
			    (*argv)[0]);
		*place = has_value ? rest.at : (*argv)[1];
		*argc -= has_value ? 1 : 2;
		*argv += has_value ? 1 : 2;
		any = true;
	}
	if (any)
		return check(cli, remote, pin);
	cli_remote_end(cli);
	return CLI_OK;
}

/* Trust */

/* With a pin exactly that certificate passes, whatever it says. */
static int
verify_pin(X509_STORE_CTX *store, void *arg)
{
	const struct cli_remote *remote = arg;
	X509 *certificate = X509_STORE_CTX_get0_cert(store);
	unsigned char print[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (certificate != NULL && X509_digest(certificate, EVP_sha256(),
	    print, &size) == 1 && size == PIN_BYTES &&
	    memcmp(print, remote->pin, PIN_BYTES) == 0)
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
	return 0;
}

static CURLcode
on_ssl_context(CURL *curl, void *context, void *arg)
{
	(void)curl;
	SSL_CTX_set_cert_verify_callback(context, verify_pin, arg);
	return CURLE_OK;
}

/* The conversation */

static size_t
on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct text *answer = arg;

	text_add(answer, slice_of(bytes, size * count));
	return text_failed(answer) ? 0 : size * count;
}

static bool
set_options(struct cli_remote *remote)
{
	CURL *curl = remote->curl;
	bool fine = curl_easy_setopt(curl, CURLOPT_URL, remote->url) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == 0 &&
	    curl_easy_setopt(curl, CURLOPT_PROXY, "") == 0 &&
	    curl_easy_setopt(curl, CURLOPT_NETRC,
	    (long)CURL_NETRC_IGNORED) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT, ANSWER_S) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) ==
	    0 && curl_easy_setopt(curl, CURLOPT_USERNAME, remote->login) ==
	    0 && curl_easy_setopt(curl, CURLOPT_PASSWORD, remote->password) ==
	    0 && curl_easy_setopt(curl, CURLOPT_HTTPHEADER,
	    remote->fields) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, remote->fault) == 0;

	if (fine && remote->ca_file != NULL)
		fine = curl_easy_setopt(curl, CURLOPT_CAINFO,
		    remote->ca_file) == 0;
	if (fine && remote->has_pin)
		fine = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L) ==
		    0 && curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION,
		    on_ssl_context) == 0 && curl_easy_setopt(curl,
		    CURLOPT_SSL_CTX_DATA, remote) == 0;
	return fine;
}

/* The first time: ask for the password, make ready.  CLI_OK, or told. */
static int
begin(struct cli *cli)
{
	struct cli_remote *remote = cli->remote;
	int r;

	if (remote->curl != NULL)
		return CLI_OK;
	r = cli_password_once(cli, remote->password_file, remote->login,
	    remote->password, sizeof(remote->password));
	if (r != CLI_OK)
		return r;
	remote->fields = curl_slist_append(NULL,
	    "Content-Type: application/json");
	remote->curl = curl_easy_init();
	if (remote->fields == NULL || remote->curl == NULL ||
	    !set_options(remote))
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	return CLI_OK;
}

/* What is no answer of a hub is not shown as one. */
static int
check_answer(struct cli *cli, long status, struct text *answer)
{
	char words[32];

	while (answer->len > 0 && answer->at[answer->len - 1] == '\n')
		answer->len--;
	if (answer->len > 0 && answer->at[0] == '{')
		return CLI_OK;
	(void)snprintf(words, sizeof(words), "HTTP %ld", status);
	return cli_fail(cli, CLI_BUSY, HUB_SILENT, words);
}

int
cli_remote_ask(struct cli *cli, struct slice line, struct text *answer)
{
	struct cli_remote *remote = cli->remote;
	CURLcode code;
	long status = 0;
	int r = begin(cli);

	if (r != CLI_OK)
		return r;
	if (curl_easy_setopt(remote->curl, CURLOPT_POSTFIELDSIZE,
	    (long)line.len) != 0 || curl_easy_setopt(remote->curl,
	    CURLOPT_POSTFIELDS, line.at) != 0 ||
	    curl_easy_setopt(remote->curl, CURLOPT_WRITEDATA, answer) != 0)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	code = curl_easy_perform(remote->curl);
	if (code != CURLE_OK)
		return cli_fail(cli, CLI_BUSY, HUB_SILENT,
		    remote->fault[0] != '\0' ? remote->fault :
		    curl_easy_strerror(code));
	(void)curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE,
	    &status);
	return check_answer(cli, status, answer);
}

void
cli_remote_end(struct cli *cli)
{
	struct cli_remote *remote = cli->remote;

	cli->remote = NULL;
	if (remote == NULL)
		return;
	curl_easy_cleanup(remote->curl);
	curl_slist_free_all(remote->fields);
	OPENSSL_cleanse(remote, sizeof(*remote));
	free(remote);
}
