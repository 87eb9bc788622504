/*
 * gateway_fuzz.c - any argument of ETRN and ATRN, anything typed about a gateway domain, and
 * any table of them
 */
#include <assert.h>
#include <errno.h>

#include "gateway/smtp/atrn.h"
#include "gateway/smtp/etrn.h"
#include "queue/relay_job.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What was read is a name, and is read again as itself. */
static void
check_etrn(struct slice input)
{
	char name[GATEWAY_NAME_SIZE], again[GATEWAY_NAME_SIZE];
	enum etrn_kind kind;
	int r = etrn_read(input, &kind, name);

	assert(r == 0 || r == -EINVAL);
	if (r < 0)
		return;
	assert(host_is_name(slice_str(name)));
	if (gateway_name(slice_str(name), again) == 0)
		assert(slice_is_str(slice_str(name), again));
	else
		assert(kind == ETRN_QUEUE);
}

static void
check_atrn(struct slice input)
{
	char again[GATEWAY_NAME_SIZE];
	struct atrn_names names;
	int r = atrn_read(input, &names);

	assert(r == 0 || r == -EINVAL);
	assert(r < 0 || names.count > 0 || input.len == 0);
	for (size_t i = 0; r == 0 && i < names.count; i++) {
		assert(gateway_name(slice_str(names.at[i]), again) == 0);
		assert(slice_is_str(slice_str(names.at[i]), again));
	}
}

static void
check_typed(struct slice input)
{
	struct gateway one = { .port = 0 }, other = { .port = 0 };
	TEXT_AUTO text = TEXT_INIT(1024);

	if (gateway_host(input, &one) == 0) {
		gateway_host_write(&text, &one);
		assert(gateway_host(text_slice(&text), &other) == 0);
		assert(one.port == other.port && slice_is_str(
		    slice_str(one.host), other.host));
	}
	text_clear(&text);
	if (gateway_askers(input, &one) == 0) {
		gateway_askers_write(&text, &one);
		assert(gateway_askers(text_slice(&text), &other) == 0);
		assert(one.by_login == other.by_login && slice_is_str(
		    slice_str(one.nets), other.nets));
		(void)gateway_has_peer(&one, slice_str("192.0.2.7"));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	ARENA_AUTO arena = arena_new(256 * 1024);
	struct slice input = slice_of(bytes, len);
	TEXT_AUTO text = TEXT_INIT(len + 64);
	struct atrn_asked turn_asked;
	struct relay_turn turn;
	struct etrn_asked asked;
	struct gateways table;

	assert(arena != NULL);
	check_etrn(input);
	check_atrn(input);
	check_typed(input);
	if (gateways_unpack(arena, input, &table) == 0)
		(void)gateways_find(&table, slice_str("branch.test"));
	if (etrn_asked_unpack(input, &asked) == 0) {
		etrn_asked_pack(&text, &asked);
		assert(slice_is(text_slice(&text), input));
	}
	text_clear(&text);
	if (atrn_asked_unpack(input, &turn_asked) == 0) {
		atrn_asked_pack(&text, &turn_asked);
		assert(slice_is(text_slice(&text), input));
	}
	text_clear(&text);
	if (relay_turn_unpack(input, &turn) == 0) {
		relay_turn_pack(&text, &turn);
		assert(slice_is(text_slice(&text), input));
	}
	return 0;
}
