/*
 * layers.c - files that the virus library has come upon in a message
 *
 * Compared by SHA-256: who sends the message must not be able to make two files
 * of which one stands for the other.
 */
#include "filters/layers.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MOST	(1u << 20)	/* longer ones are not rewritten */

struct layers_tools {
	EVP_MD	*sha256;
};

int
layers_open(struct layers_tools **tools_out)
{
	struct layers_tools *tools = calloc(1, sizeof(*tools));

	if (tools == NULL)
		return -ENOMEM;
	tools->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (tools->sha256 == NULL) {
		free(tools);
		return -ENOMEM;
	}
	*tools_out = tools;
	return 0;
}

void
layers_close(struct layers_tools *tools)
{
	if (tools == NULL)
		return;
	EVP_MD_free(tools->sha256);
	free(tools);
}

static bool
digest_of(const struct layers_tools *tools, struct slice bytes,
    unsigned char digest_out[LAYER_DIGEST])
{
	return EVP_Digest(bytes.at, bytes.len, digest_out, NULL,
	    tools->sha256, NULL) == 1;
}

void
layers_add(struct layers *layers, const struct layers_tools *tools,
    struct slice bytes)
{
	layers->is_open = layers->count < LAYERS_MOST && bytes.at != NULL &&
	    digest_of(tools, bytes, layers->each[layers->count].digest);
	if (!layers->is_open)
		return;
	layers->each[layers->count++].bytes = bytes.len;
}

void
layers_forget_last(struct layers *layers)
{
	if (layers->is_open)
		layers->count--;
	layers->is_open = false;
}

bool
layers_has(const struct layers *layers, const struct layers_tools *tools,
    struct slice bytes)
{
	unsigned char digest[LAYER_DIGEST];
	bool is_known = false;

	for (size_t i = 0; i < layers->count; i++) {
		if (layers->each[i].bytes != bytes.len)
			continue;
		if (!is_known && !digest_of(tools, bytes, digest))
			return false;
		is_known = true;
		if (memcmp(layers->each[i].digest, digest, LAYER_DIGEST) == 0)
			return true;
	}
	return false;
}

/* LF for CRLF; the bytes written to `to`, which has room for one more. */
static size_t
unix_lines(struct slice from, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < from.len; i++)
		if (from.at[i] != '\r' || i + 1 == from.len ||
		    from.at[i + 1] != '\n')
			to[n++] = from.at[i];
	while (n > 0 && to[n - 1] == '\n')
		n--;
	to[n] = '\n';
	return n;
}

bool
layers_has_words(const struct layers *layers,
    const struct layers_tools *tools, struct slice words)
{
	bool has = false;
	size_t n;
	char *to;

	if (layers->count == 0 || words.len > WORDS_MOST)
		return false;
	to = malloc(words.len + 1);
	if (to == NULL)
		return false;
	n = unix_lines(words, to);
	has = layers_has(layers, tools, slice_of(to, n)) ||
	    layers_has(layers, tools, slice_of(to, n + 1));
	free(to);
	return has;
}
