/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"

#define INTERFACE "vec0"
#define RETRY_MS  20
#define RETRIES	  150

static int set_flags(int sock, const char *name, bool up)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(sock, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	if (up)
		request.ifr_flags |= IFF_UP;
	else
		request.ifr_flags &= (short)~IFF_UP;
	return ioctl(sock, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

static int set_address(int sock, unsigned long operation, struct in_addr address)
{
	struct ifreq request = { 0 };
	struct sockaddr_in socket_address = { .sin_family = AF_INET, .sin_addr = address };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", INTERFACE);
	memcpy(&request.ifr_addr, &socket_address, sizeof(socket_address));
	return ioctl(sock, operation, &request) < 0 ? -errno : 0;
}

static int add_default_route(int sock, struct in_addr gateway)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct sockaddr_in via = { .sin_family = AF_INET, .sin_addr = gateway };
	char name[] = INTERFACE;
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = name };

	memcpy(&route.rt_dst, &any, sizeof(any));
	memcpy(&route.rt_genmask, &any, sizeof(any));
	memcpy(&route.rt_gateway, &via, sizeof(via));
	if (ioctl(sock, SIOCADDRT, &route) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int network_up_loopback(struct failure *failure)
{
	autofd sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = sock < 0 ? -errno : set_flags(sock, "lo", true);

	return error < 0 ? failure_set(failure, -error, "loopback interface") : 0;
}

/* The driver's own word: IFF_RUNNING of SIOCGIFFLAGS follows the link only after a while. */
bool network_is_connected(void)
{
	struct ethtool_value link = { .cmd = ETHTOOL_GLINK };
	struct ifreq request = { .ifr_name = INTERFACE, .ifr_data = (void *)&link };
	autofd sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return sock >= 0 && ioctl(sock, SIOCETHTOOL, &request) == 0 && link.data != 0;
}

/* The driver connects when the interface goes up; the helper may not listen yet. */
static int connect_interface(int sock)
{
	int error = 0;

	for (int attempt = 0; attempt < RETRIES; attempt++) {
		error = set_flags(sock, INTERFACE, true);
		if (error == 0 || error == -ENODEV)
			return error;
		set_flags(sock, INTERFACE, false);
		poll(NULL, 0, RETRY_MS);
	}
	return error;
}

int network_renew(const struct config *config, struct failure *failure)
{
	struct in_addr mask = { config->prefix ? htonl(~0U << (32 - config->prefix)) : 0 };
	autofd sock = -1;
	int error;

	if (!config->network)
		return 0;
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return failure_set(failure, errno, "network socket");
	set_flags(sock, INTERFACE, false);
	error = connect_interface(sock);
	if (error == 0)
		error = set_address(sock, SIOCSIFADDR, config->address);
	if (error == 0)
		error = set_address(sock, SIOCSIFNETMASK, mask);
	if (error == 0)
		error = add_default_route(sock, config->gateway);
	return error < 0 ? failure_set(failure, -error, "network interface " INTERFACE) : 0;
}

/* Replaces a file by way of a rename, so that a symbolic link out of /etc is not followed. */
static int replace_file(const char *path, const char *text, struct failure *failure)
{
	char temporary[64];
	FILE *file;
	bool failed;

	snprintf(temporary, sizeof(temporary), "%s.vkinit", path);
	file = fopen(temporary, "we");
	if (!file)
		return failure_set(failure, errno, "create %s", temporary);
	failed = fputs(text, file) < 0;
	failed |= fclose(file) != 0;
	if (failed || chmod(temporary, 0644) < 0 || rename(temporary, path) < 0)
		return failure_set(failure, errno, "write %s", path);
	return 0;
}

static int append_host(const struct config *config, struct failure *failure)
{
	FILE *file = fopen("/etc/hosts", "ae");
	bool failed;

	if (!file)
		return failure_set(failure, errno, "open /etc/hosts");
	failed = fprintf(file, "127.0.1.1\t%s\n", config->hostname) < 0;
	failed |= fclose(file) != 0;
	return failed ? failure_set(failure, errno, "write /etc/hosts") : 0;
}

int network_write_names(const struct config *config, struct failure *failure)
{
	char text[64];
	char address[INET_ADDRSTRLEN];
	int error;

	if (sethostname(config->hostname, strlen(config->hostname)) < 0)
		return failure_set(failure, errno, "host name %s", config->hostname);
	error = append_host(config, failure);
	if (error < 0 || !config->network || !config->dns.s_addr)
		return error;
	inet_ntop(AF_INET, &config->dns, address, sizeof(address));
	snprintf(text, sizeof(text), "nameserver %s\n", address);
	return replace_file("/etc/resolv.conf", text, failure);
}
