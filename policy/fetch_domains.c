/*
 * fetch_domains.c - fetch accounts whose mail is for many (DomainPOP)
 *
 * Names are compared in the folded form, each account's folded once for a
 * request: an office has 500.
 */
#include "policy/fetch_domains.h"

#include <errno.h>
#include <string.h>

#include "lib/message/real_name.h"
#include "policy/fetch_accounts.h"
#include "policy/fetch_texts.h"

#define FOLDED_MOST	(4 * REAL_NAME_MOST)

/* Rules */

static const struct fetch_text domain_text = {
	DOMAIN_SWEEP, DOMAIN_PUT, DOMAIN_GET, DOMAIN_TEXT_MOST
};

int
policy_fetch_rules_put(struct policy *p, uint64_t fetch, struct slice rules)
{
	return fetch_text_put(p, &domain_text, fetch, rules);
}

int
policy_fetch_rules_get(struct policy *p, uint64_t fetch, struct text *rules)
{
	return fetch_text_get(p, &domain_text, fetch, rules);
}

int
policy_fetch_is_office(struct policy *p, const struct fetch_account *f,
    bool *is_office_out)
{
	TEXT_AUTO rules = TEXT_INIT(DOMAIN_TEXT_MOST);
	int r;

	if (f->protocol == FETCH_ETRN || f->protocol == FETCH_ATRN) {
		*is_office_out = true;
		return 0;
	}
	r = policy_fetch_rules_get(p, f->id, &rules);
	if (r < 0 && r != -ENOENT)
		return r;
	*is_office_out = r == 0;
	return 0;
}

int
policy_fetch_rules_any(struct policy *p, uint64_t owner)
{
	DB_QUERY_AUTO q = db_ask(p->db, DOMAIN_ANY);
	int r;

	db_put_u64(&q, owner);
	r = db_next(&q);
	return r < 0 ? r : r == 1;
}

/* Who has it */

struct search {
	const struct find_ask	*asks;
	size_t			 count;
	struct find_answer	*answers;
	struct text		 folded;
};

/* Its folded name, against every name that is asked for. */
static int
try_name(void *arg, const struct policy_account *account)
{
	struct search *search = arg;
	int r;

	text_clear(&search->folded);
	r = real_name_fold(&search->folded, slice_str(account->name));
	if (r == -EINVAL)
		return 0;	/* it can be nobody's display name */
	if (r < 0 || text_failed(&search->folded))
		return -ENOMEM;
	for (size_t i = 0; i < search->count; i++) {
		struct find_answer *answer = &search->answers[i];

		if (!search->asks[i].is_name || !slice_is(search->asks[i].text,
		    text_slice(&search->folded)))
			continue;
		answer->finding = answer->finding == FINDING_FOREIGN ?
		    FINDING_OURS : FINDING_SEVERAL;
		answer->account = account->id;
		memcpy(answer->address, account->address,
		    sizeof(answer->address));
	}
	return 0;
}

static int
find_address(struct policy *p, struct slice address,
    struct find_answer *answer)
{
	static const enum finding findings[WHOSE_COUNT] = {
		[WHOSE_OURS] = FINDING_OURS,
		[WHOSE_UNKNOWN] = FINDING_UNKNOWN,
		[WHOSE_FOREIGN] = FINDING_FOREIGN,
		/* it came from there: who has it has got it */
		[WHOSE_SHARED] = FINDING_UNKNOWN,
		[WHOSE_CLOSED] = FINDING_OURS,
		[WHOSE_FORGED] = FINDING_UNKNOWN,
		[WHOSE_GATEWAY] = FINDING_FOREIGN,
	};
	enum whose whose = WHOSE_UNKNOWN;
	uint64_t id = 0;
	int r = policy_whose(p, address, &whose, &id);

	/* what is no address is nobody's, too */
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	answer->finding = findings[whose];
	answer->account = id;
	return 0;
}

int
policy_find(struct policy *p, const struct find_ask *asks, size_t count,
    struct find_answer *answers_out)
{
	struct search search = { asks, count, answers_out,
	    TEXT_INIT(FOLDED_MOST) };
	bool has_names = false;
	int r = 0;

	memset(answers_out, 0, count * sizeof(*answers_out));
	for (size_t i = 0; r == 0 && i < count; i++) {
		has_names = has_names || asks[i].is_name;
		if (!asks[i].is_name)
			r = find_address(p, asks[i].text, &answers_out[i]);
	}
	if (r == 0 && has_names)
		r = policy_account_each(p, try_name, &search);
	text_free(&search.folded);
	return r;
}

/* As bytes */

void
find_ask_pack(struct text *text, const struct find_ask *asks, size_t count)
{
	pack_u32(text, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		pack_u8(text, asks[i].is_name);
		pack_slice(text, asks[i].text);
	}
}

int
find_ask_unpack(struct arena *arena, struct slice packed,
    struct find_ask **asks_out, size_t *count_out)
{
	struct unpack u = unpack_of(packed);
	uint32_t count = unpack_u32(&u);
	struct find_ask *asks;

	if (u.bad || count > FIND_MOST)
		return -EBADMSG;
	asks = arena_array(arena, count, sizeof(*asks));
	if (asks == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		asks[i].is_name = unpack_bool(&u);
		asks[i].text = unpack_slice(&u);
	}
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*asks_out = asks;
	*count_out = count;
	return 0;
}

void
find_answer_pack(struct text *text, const struct find_answer *answers,
    size_t count)
{
	pack_u32(text, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		pack_u8(text, (uint8_t)answers[i].finding);
		pack_u64(text, answers[i].account);
		pack_slice(text, slice_str(answers[i].address));
	}
}

int
find_answer_unpack(struct arena *arena, struct slice packed,
    struct find_answer **answers_out, size_t *count_out)
{
	struct unpack u = unpack_of(packed);
	uint32_t count = unpack_u32(&u);
	struct find_answer *answers;

	if (u.bad || count > FIND_MOST)
		return -EBADMSG;
	answers = arena_array(arena, count, sizeof(*answers));
	if (answers == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		answers[i].finding = unpack_enum(&u, FINDING_COUNT);
		answers[i].account = unpack_u64(&u);
		if (slice_cstr(unpack_slice(&u), answers[i].address,
		    sizeof(answers[i].address)) < 0 ||
		    (answers[i].finding == FINDING_OURS) !=
		    (answers[i].account != 0 &&
		    answers[i].finding != FINDING_SEVERAL))
			u.bad = true;
	}
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*answers_out = answers;
	*count_out = count;
	return 0;
}
