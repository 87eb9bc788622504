/*
 * gateway.c - a domain whose mail is taken here for a host of its own
 */
#include "policy/gateway.h"

#include <errno.h>
#include <string.h>

#include "filters/rule_value.h"
#include "lib/message/path.h"
#include "policy/words.h"

int
gateway_name(struct slice typed, char name_out[GATEWAY_NAME_SIZE])
{
	TEXT_AUTO text = TEXT_INIT(GATEWAY_NAME_SIZE + 4);
	struct slice name;

	/* of some address there */
	if (address_normal(&text, slice_str("x"), typed) < 0)
		return -EINVAL;
	name = slice_after(text_slice(&text), 2);
	if (!host_is_name(name) || slice_find(name, '.') == SIZE_MAX)
		return -EINVAL;
	return slice_cstr(name, name_out, GATEWAY_NAME_SIZE) < 0 ? -EINVAL : 0;
}

int
gateway_host(struct slice typed, struct gateway *gateway)
{
	uint16_t port = 25;
	int r = host_port(typed, gateway->host, &port);

	if (r == 0)
		gateway->port = port;
	return r;
}

int
gateway_askers(struct slice typed, struct gateway *gateway)
{
	TEXT_AUTO nets = TEXT_INIT(GATEWAY_NETS_SIZE - 1);
	bool by_login = false;
	struct rule_net net;
	struct slice word;

	if (slice_is_word(typed, "none"))
		typed = slice_of(NULL, 0);
	while (words_next(&typed, &word)) {
		if (slice_is_word(word, "login")) {
			by_login = true;
			continue;
		}
		if (rule_net_read(word, &net) != NULL)
			return -EINVAL;
		if (nets.len > 0)
			text_add_byte(&nets, ' ');
		text_add(&nets, word);
	}
	if (text_failed(&nets))
		return -EINVAL;
	gateway->by_login = by_login;
	return slice_cstr(text_slice(&nets), gateway->nets,
	    sizeof(gateway->nets));
}

void
gateway_host_write(struct text *text, const struct gateway *gateway)
{
	if (gateway->host[0] != '\0')
		host_port_write(text, gateway->host, gateway->port);
}

void
gateway_askers_write(struct text *text, const struct gateway *gateway)
{
	if (gateway->by_login)
		text_add_str(text, "login");
	if (gateway->by_login && gateway->nets[0] != '\0')
		text_add_byte(text, ' ');
	text_add_str(text, gateway->nets);
}

const struct gateway *
gateways_find(const struct gateways *table, struct slice domain)
{
	for (size_t i = 0; i < table->count; i++)
		if (slice_is_str(domain, table->at[i].name))
			return &table->at[i];
	return NULL;
}

bool
gateway_has_peer(const struct gateway *gateway, struct slice peer)
{
	struct slice rest = slice_str(gateway->nets), word;
	struct rule_net net;

	while (slice_word(&rest, &word))
		if (rule_net_read(word, &net) == NULL &&
		    rule_net_has(&net, peer))
			return true;
	return false;
}

void
gateway_pack(struct text *text, const struct gateway *gateway)
{
	pack_slice(text, slice_str(gateway->name));
	pack_slice(text, slice_str(gateway->host));
	pack_u16(text, gateway->port);
	pack_slice(text, slice_str(gateway->nets));
	pack_u8(text, gateway->by_login);
	pack_u64(text, gateway->account);
	pack_u8(text, gateway->waits);
	pack_u64(text, gateway->bytes);
	pack_u32(text, gateway->days);
	pack_u8(text, gateway->lists);
	pack_i64(text, gateway->created_utc_ms);
}

static int
unpack_one(struct unpack *u, struct gateway *gateway)
{
	int r = slice_cstr(unpack_slice(u), gateway->name,
	    sizeof(gateway->name));

	if (r == 0)
		r = slice_cstr(unpack_slice(u), gateway->host,
		    sizeof(gateway->host));
	gateway->port = unpack_u16(u);
	if (r == 0)
		r = slice_cstr(unpack_slice(u), gateway->nets,
		    sizeof(gateway->nets));
	gateway->by_login = unpack_bool(u);
	gateway->account = unpack_u64(u);
	gateway->waits = unpack_bool(u);
	gateway->bytes = unpack_u64(u);
	gateway->days = unpack_u32(u);
	gateway->lists = unpack_bool(u);
	gateway->created_utc_ms = unpack_i64(u);
	return r < 0 || u->bad ? -EBADMSG : 0;
}

int
gateways_unpack(struct arena *arena, struct slice packed,
    struct gateways *table_out)
{
	struct unpack u = unpack_of(packed);
	uint32_t count = unpack_u32(&u);
	struct gateways table = { .count = count };

	if (u.bad || count > GATEWAYS_MOST)
		return -EBADMSG;
	table.at = arena_array(arena, count, sizeof(*table.at));
	if (table.at == NULL && count > 0)
		return -ENOBUFS;
	for (uint32_t i = 0; i < count; i++)
		if (unpack_one(&u, &table.at[i]) < 0)
			return -EBADMSG;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*table_out = table;
	return 0;
}
