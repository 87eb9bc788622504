/*
 * import_fuzz.c - what is found in foreign files stays inside its bounds
 *
 * The first byte says of which program the settings are; a byte 0x1e ends them,
 * and a list of UIDLs follows.
 */
#include <assert.h>
#include <errno.h>

#include "fetch/import/import.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Every byte can be read, which the sanitizer looks at. */
static size_t
touch(struct slice s)
{
	size_t sum = s.len;

	for (size_t i = 0; i < s.len; i++)
		sum += (unsigned char)s.at[i];
	return sum;
}

static size_t
check_accounts(const struct import *import)
{
	const struct import_account *a;
	unsigned count = 0;
	size_t sum = 0;

	STAILQ_FOREACH(a, &import->accounts, next) {
		count++;
		assert(a->file != NULL);
		assert((unsigned)a->protocol < IMPORT_PROTOCOL_COUNT);
		assert((unsigned)a->tls < FETCH_TLS_COUNT);
		assert((unsigned)a->mechanism < FETCH_MECHANISM_COUNT);
		assert(a->delete_after_days >= FETCH_KEEP &&
		    a->delete_after_days <= FETCH_DAYS_MOST);
		sum += touch(a->owner) + touch(a->label) + touch(a->host) +
		    touch(a->other_host) + touch(a->user) +
		    touch(a->password) + touch(a->pin) + touch(a->folders) +
		    touch(a->key) + touch(a->domain) + touch(a->envelope) +
		    touch(a->prefix);
	}
	assert(count == import->account_count);
	assert(count <= IMPORT_ACCOUNTS_MOST);
	return sum;
}

static size_t
check_lists(const struct import *import)
{
	const struct import_list *list;
	const struct import_id *id;
	size_t sum = 0;

	STAILQ_FOREACH(list, &import->lists, next) {
		uint32_t count = 0;

		STAILQ_FOREACH(id, &list->ids, next) {
			assert(id->text.len > 0);
			sum += touch(id->text);
			count++;
		}
		assert(count == list->count && count <= IMPORT_IDS_MOST);
		sum += touch(list->folder) + touch(list->user) +
		    touch(list->host) + touch(list->key);
		assert(list->account == NULL || list->account->has_list);
	}
	return sum;
}

static size_t
check_remarks(const struct import *import)
{
	const struct import_remark *remark;
	unsigned losses = 0, count = 0;
	size_t sum = 0;

	STAILQ_FOREACH(remark, &import->remarks, next) {
		assert(remark->file != NULL && remark->words < SAY_COUNT);
		losses += remark->is_loss;
		sum += touch(remark->about);
		count++;
	}
	assert(losses <= import->losses && count <= IMPORT_REMARKS_MOST);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	ARENA_AUTO arena = arena_new(IMPORT_ARENA_BYTES(len));
	struct slice rest = slice_of(bytes, len), settings;
	struct import import;
	int r;

	if (arena == NULL || len == 0)
		return 0;
	rest = slice_after(rest, 1);
	if (!slice_cut(&rest, 0x1e, &settings)) {
		settings = rest;
		rest = slice_of(NULL, 0);
	}
	import_begin(&import, arena);
	r = import_read(&import, "rc", settings,
	    (enum import_format)(bytes[0] % IMPORT_FORMAT_COUNT));
	assert(r == 0 || r == -ENOBUFS);
	if (r == 0)
		r = import_read_ids(&import, bytes[0] < 128 ? "ids" :
		    "/x/oldmail-h-993-u-INBOX", rest);
	assert(r == 0 || r == -ENOBUFS);
	if (r == 0)
		r = import_match(&import);
	assert(r == 0 || r == -ENOBUFS);
	return check_accounts(&import) + check_lists(&import) +
	    check_remarks(&import) == SIZE_MAX;
}
