/* ethtool.c - see ethtool.h. */
#include "core/ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/base/mem.h"

int kh_ethtool_offload(const struct kh_root *root, const char *link, enum kh_offload offload)
{
	struct ethtool_value value = {
		.cmd = offload == KH_OFFLOAD_TSO ? ETHTOOL_GTSO : ETHTOOL_GGSO,
	};
	struct ifreq request = {.ifr_data = (char *)&value};
	if (!root->is_live || strlen(link) >= sizeof(request.ifr_name))
		return -1;
	memcpy(request.ifr_name, link, strlen(link) + 1);
	kh_auto(kh_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request) != 0)
		return -1;
	return value.data != 0;
}
