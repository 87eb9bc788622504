/*
 * fault.c - what a conversation that failed (talk.h) means to a collection
 */
#include "fetch/fault.h"

enum fetch_end
fault_end(enum talk_fault fault)
{
	static const enum fetch_end ends[TALK_FAULT_COUNT] = {
		[TALK_UNREACHABLE] = FETCH_END_UNREACHABLE,
		[TALK_TIMED_OUT] = FETCH_END_TIMED_OUT,
		[TALK_NO_TLS] = FETCH_END_NO_TLS,
		[TALK_TLS_FAILED] = FETCH_END_TLS,
		[TALK_DISTRUSTED] = FETCH_END_DISTRUSTED,
		[TALK_LOGIN_REFUSED] = FETCH_END_REFUSED,
		[TALK_NO_MECHANISM] = FETCH_END_MECHANISM,
		[TALK_NONSENSE] = FETCH_END_NONSENSE,
		[TALK_CLOSED] = FETCH_END_CLOSED,
		[TALK_LOCAL] = FETCH_END_LOCAL,
	};

	return ends[fault];
}

bool
fault_is_said(enum talk_fault fault)
{
	return fault == TALK_NO_TLS || fault == TALK_LOGIN_REFUSED ||
	    fault == TALK_NO_MECHANISM || fault == TALK_NONSENSE ||
	    fault == TALK_CLOSED;
}
