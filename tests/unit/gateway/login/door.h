/*
 * door.h - the door and the keeper around a login, played by the test
 *
 * Ann's password is "se cret ", "later" cannot be checked now, and everybody
 * else is a stranger.  Each answer comes in a later turn of the loop.
 * test_door_free() holds the test to it that the login ended exactly once.
 */
#ifndef TESTS_UNIT_GATEWAY_LOGIN_DOOR_H
#define TESTS_UNIT_GATEWAY_LOGIN_DOOR_H

#include "gateway/login/login.h"
#include "lib/base/text.h"
#include "policy/scram.h"
#include "tests/unit/gateway/pop3/peer.h"

struct test_door {
	struct loop	*loop;
	struct pop3_peer peer;		/* the client */
	const struct login_protocol *protocol;
	struct login	*login;
	struct login_options options;
	struct tls_server *tls;
	bool		 silent;	/* the keeper does not answer */
	int		 refusal;	/* what `check` returns, if not 0 */
	unsigned	 checks, forgets, handed, ended;
	login_who_fn	*reply;
	void		*reply_arg;
	enum login_who	 who;
	login_salt_fn	*reply_salt;
	struct timer	*answer, *salt_answer;
	/* what the keeper has of Ann's password */
	unsigned char	 salt[PASSWORD_SALT_BYTES];
	uint32_t	 rounds;	/* 0: it cannot be said now */
	char		 verifier[PASSWORD_SCRAM_SIZE];
	unsigned char	 signature[SCRAM_KEY_BYTES];
	bool		 signs;
	char		 login_name[300], tag[300];	/* handed over */
	struct stream	*stream;	/* the same */
	struct text	 log;
};

/* Nobody has connected; clear logins are allowed, TLS is not offered. */
struct test_door *test_door_new(const struct login_protocol *);
/* TLS is offered, for this name of ALPN, and needed for a login. */
void	test_door_offer_tls(struct test_door *, const char *alpn);
/* A client connects; the same, and is greeted like that. */
void	test_door_connect(struct test_door *);
void	test_door_begin(struct test_door *, const char *greeting);
/* Say each byte in a turn of its own. */
void	test_door_drip(struct test_door *, const struct pop3_exchange *);
/* The dialogue ends the connection; it counts until the client has gone. */
void	test_door_end(struct test_door *, const struct pop3_exchange *);
/* Say these lines, which log Ann in; `left` is the session's. */
void	test_door_log_in(struct test_door *, const char *lines,
	    const char *left);
/* Hang up, and look for what was left behind. */
void	test_door_free(struct test_door *);

#endif
