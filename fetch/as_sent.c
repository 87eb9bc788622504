/*
 * as_sent.c - what a message was before anything of it was mended
 */
#include "fetch/as_sent.h"

#include <errno.h>
#include <string.h>

#include "lib/base/memfd.h"
#include "queue/archive.h"

int
as_sent_open(struct as_sent *sent, uint64_t largest)
{
	*sent = (struct as_sent){ .mends = MENDS_INIT(MENDS_MOST(largest)) };
	return digest_open(&sent->digest);
}

void
as_sent_close(struct as_sent *sent)
{
	mends_free(&sent->mends);
	digest_close(&sent->digest);
}

void
as_sent_begin(struct as_sent *sent)
{
	mends_clear(&sent->mends);
	digest_begin(&sent->digest);
	sent->bytes = 0;
}

void
as_sent_add(struct as_sent *sent, struct slice s, unsigned mend)
{
	struct slice came = mends_add(&sent->mends, s, mend);

	digest_add(&sent->digest, came);
	sent->bytes += came.len;
}

int
as_sent_end(struct as_sent *sent, int *fd_out)
{
	TEXT_AUTO packed = TEXT_INIT(sent->mends.bits.limit + 64);
	unsigned char digest[DIGEST_BYTES];
	int r = digest_end(&sent->digest, digest);

	if (r < 0)
		return r;
	original_pack(&packed, sent->bytes, digest, &sent->mends);
	if (text_failed(&packed) || text_failed(&sent->mends.bits))
		return -ENOMEM;
	r = memfd_of("original", text_slice(&packed));
	if (r < 0)
		return r;
	*fd_out = r;
	return 0;
}
