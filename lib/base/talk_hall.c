/*
 * talk_hall.c - what conversations share: libcurl itself and the trust store
 *
 * libcurl keeps user and password in memory of its own and gives it back as it
 * is; so it gets its memory from here, where every block is wiped before it
 * goes.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/talk_inside.h"

/* Before each block: how much is to be wiped. */
struct head {
	_Alignas(max_align_t) size_t size;
};

static void *
take(size_t size)
{
	struct head *head;

	if (size > SIZE_MAX - sizeof(*head))
		return NULL;
	head = malloc(sizeof(*head) + size);
	if (head == NULL)
		return NULL;
	head->size = size;
	return head + 1;
}

static void
give(void *block)
{
	struct head *head = block;

	if (head == NULL)
		return;
	head--;
	explicit_bzero(block, head->size);
	free(head);
}

static void *
take_other(void *block, size_t size)
{
	void *other = take(size);
	size_t old;

	if (other == NULL || block == NULL)
		return other;
	old = ((struct head *)block - 1)->size;
	memcpy(other, block, old < size ? old : size);
	give(block);
	return other;
}

static char *
take_string(const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = take(size);

	return copy == NULL ? NULL : memcpy(copy, string, size);
}

static void *
take_zeroed(size_t n, size_t size)
{
	size_t all;
	void *block;

	if (__builtin_mul_overflow(n, size, &all))
		return NULL;
	block = take(all);
	return block == NULL ? NULL : memset(block, 0, all);
}

/*
 * Everything that is opened lazily, once: OpenSSL's configuration and its
 * methods, what libcurl asks of the system for its first handle.
 */
int
talk_global_open(void)
{
	SSL_CTX *context;
	CURLM *multi;
	CURL *easy;
	int r;

	if (curl_global_init_mem(CURL_GLOBAL_ALL, take, give, take_other,
	    take_string, take_zeroed) != CURLE_OK)
		return -ENOMEM;
	context = SSL_CTX_new(TLS_client_method());
	multi = curl_multi_init();
	easy = curl_easy_init();
	r = context == NULL || multi == NULL || easy == NULL ? -ENOMEM : 0;
	curl_easy_cleanup(easy);
	(void)curl_multi_cleanup(multi);
	SSL_CTX_free(context);
	return r;
}

struct talk_hall *
talk_hall_new(struct loop *loop, struct slice trust_pem,
    const char **fault_out)
{
	struct talk_hall *hall = calloc(1, sizeof(*hall));

	*fault_out = NULL;
	if (hall == NULL)
		return NULL;
	hall->loop = loop;
	hall->share = BUCKET_FREE;
	LIST_INIT(&hall->talks);
	hall->trust = talk_trust_new(trust_pem, fault_out);
	if (hall->trust == NULL) {
		free(hall);
		return NULL;
	}
	return hall;
}

void
talk_hall_free(struct talk_hall *hall)
{
	if (hall == NULL)
		return;
	talk_trust_free(hall->trust);
	free(hall);
}

void
talk_hall_share(struct talk_hall *hall, uint64_t bytes_per_second)
{
	struct talk *talk;

	if (bytes_per_second == hall->share)
		return;
	hall->share = bytes_per_second;
	LIST_FOREACH(talk, &hall->talks, in_hall)
		talk_line_share(talk);
}
