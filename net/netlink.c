/* netlink.c - see netlink.h. */
#include "net/netlink.h"

#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"

enum { DUMP_TRIES = 5 };

void (*kh_netlink_hook)(int type);

void kh_netlink_messages_done(struct kh_netlink_messages *list)
{
	for (size_t i = 0; i < list->count; i++)
		kh_free(&list->items[i].bytes);
	kh_free(&list->items);
	list->count = 0;
}

void kh_netlink_add(struct kh_netlink_messages *list, int type, const void *bytes, size_t length)
{
	struct kh_netlink_message *message = kh_append(list->items, list->count);
	message->type = type;
	message->bytes = kh_alloc(length + 1);
	memcpy(message->bytes, bytes, length);
	message->length = length;
}

struct nl_sock *kh_netlink_open(struct kh_error *err)
{
	struct nl_sock *socket = nl_socket_alloc();
	int result = socket ? nl_connect(socket, NETLINK_ROUTE) : -NLE_NOMEM;
	if (result == 0)
		return socket;
	if (socket)
		nl_socket_free(socket);
	kh_fail(err, KH_SYSTEM, 0, "netlink: %s", nl_geterror(result));
	return NULL;
}

void kh_netlink_close(struct nl_sock **socket)
{
	if (*socket)
		nl_socket_free(*socket);
	*socket = NULL;
}

static int take(struct nl_msg *message, void *list)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	kh_netlink_add(list, header->nlmsg_type, nlmsg_data(header), (size_t)nlmsg_datalen(header));
	return NL_OK;
}

static int dump(struct nl_sock *socket, int type, int family, struct kh_netlink_messages *list)
{
	union {
		struct ifaddrmsg address;
		struct rtmsg route;
		struct ndmsg neighbour;
		unsigned char family;
	} request;
	memset(&request, 0, sizeof(request));
	request.family = (unsigned char)family;
	size_t length = type == RTM_GETADDR    ? sizeof(request.address)
			: type == RTM_GETROUTE ? sizeof(request.route)
					       : sizeof(request.neighbour);
	nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, take, list);
	int result = nl_send_simple(socket, type, NLM_F_DUMP, &request, length);
	result = result < 0 ? result : nl_recvmsgs_default(socket);
	nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
	return result;
}

int kh_netlink_dump(struct nl_sock *socket, int type, int family, struct kh_netlink_messages *list,
		    struct kh_error *err)
{
	int result = -NLE_DUMP_INTR;
	for (int i = 0; i < DUMP_TRIES && result == -NLE_DUMP_INTR; i++) {
		struct kh_netlink_messages found = {0};
		result = dump(socket, type, family, &found);
		for (size_t m = 0; m < found.count && result >= 0; m++)
			kh_netlink_add(list, found.items[m].type, found.items[m].bytes,
				       found.items[m].length);
		kh_netlink_messages_done(&found);
	}
	if (result >= 0)
		return 0;
	return kh_fail(err, KH_SYSTEM, 0, "read the kernel's %s: %s",
		       type == RTM_GETADDR    ? KH_WORD("addresses")
		       : type == RTM_GETROUTE ? KH_WORD("routes")
					      : KH_WORD("neighbours"),
		       nl_geterror(result));
}

int kh_netlink_change(struct nl_sock *socket, int type, int flags, const void *bytes, size_t length)
{
	if (kh_netlink_hook)
		kh_netlink_hook(type);
	int result =
		nl_send_simple(socket, type, flags | NLM_F_ACK, (void *)(uintptr_t)bytes, length);
	return result < 0 ? result : nl_wait_for_ack(socket);
}
