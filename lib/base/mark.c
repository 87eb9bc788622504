/*
 * mark.c - a byte on a socket pair that says more than it is
 *
 * The descriptor that goes with it is the sender's own socket, since it has
 * that in any case; the receiver closes it unseen.
 */
#include "lib/base/mark.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one descriptor, aligned as the kernel wants it. */
union one_fd {
	struct cmsghdr	head;
	char		bytes[CMSG_SPACE(sizeof(int))];
};

ssize_t
mark_send(int fd, char byte)
{
	union one_fd control = { .bytes = { 0 } };
	struct iovec piece = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(int));
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Close what came; how many descriptors that were. */
static unsigned
close_all(struct msghdr *message)
{
	struct cmsghdr *head;
	unsigned count = 0;
	int fd;

	for (head = CMSG_FIRSTHDR(message); head != NULL;
	    head = CMSG_NXTHDR(message, head)) {
		if (head->cmsg_level != SOL_SOCKET ||
		    head->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <=
		    head->cmsg_len; at += sizeof(int)) {
			memcpy(&fd, CMSG_DATA(head) + at, sizeof(int));
			(void)close(fd);
			count++;
		}
	}
	return count;
}

ssize_t
mark_recv(int fd, void *bytes, size_t size, bool *is_marked_out)
{
	union one_fd control;
	struct iovec piece = { .iov_base = bytes, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)
	};
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	unsigned count;

	*is_marked_out = false;
	if (n < 0)
		return n;
	count = close_all(&message);
	if ((message.msg_flags & MSG_CTRUNC) || count > 1) {
		errno = EPROTO;
		return -1;
	}
	*is_marked_out = count == 1;
	return n;
}
