/*
 * rule_value.h - what stands in a test of a rule: sizes, nets, addresses
 *
 * Errors are NULL for none, else words that go on after `"value" `.
 */
#ifndef POSTROOM_FILTERS_RULE_VALUE_H
#define POSTROOM_FILTERS_RULE_VALUE_H

#include "filters/rule.h"

/* "5M": bytes, or with k, M, G behind them 1,024 times as many each. */
const char	*rule_size_read(struct slice, uint64_t *bytes_out);
/* "-6.5": hundredths; false: it is no score of three digits or fewer. */
bool		 rule_score_read(struct slice, int32_t *hundredths_out);
/* "192.0.2.0/24", "2001:db8::/32", or one address. */
const char	*rule_net_read(struct slice, struct rule_net *net_out);
/* Is the peer, an address as text, in it?  What is no address is in no net. */
bool		 rule_net_has(const struct rule_net *, struct slice peer);
/*
 * "<>", "ann@office.test", "@office.test" or "@.office.test"; the normal form
 * of the address or the domain is added to `text`.
 */
const char	*rule_address_read(struct slice, struct text *,
		    enum rule_whose *whose_out);
/* Is `address` (empty: the null path) one of those meant?  Or -ENOMEM. */
int		 rule_address_is(enum rule_whose, struct slice normal,
		    struct slice address);

#endif
