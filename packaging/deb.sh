#!/bin/sh
#
# deb.sh VERSION MAKE FOLDERS OUT - build OUT/postroom_VERSION_ARCH.deb
#
# What `make install` installs, below /usr, with what Debian wants beside it:
# manuals and changes compressed, programs stripped, the libraries they need
# named.  FOLDERS are sysconfdir, localstatedir and runstatedir of configure,
# which are compiled in: a package has them where Debian has them.
#
# Nothing in the package starts the hub; see debian/postinst.

set -eu
umask 022
LC_ALL=C
export LC_ALL

version=$1 make=$2 folders=$3 out=$4
here=packaging/debian
work=build/deb
root=$work/root
doc=$root/usr/share/doc/postroom

die() {
	echo "deb: $*" >&2
	exit 1
}

command -v dpkg-deb >/dev/null || die "dpkg-deb is not here"
[ "$folders" = "/etc /var /run" ] ||
    die "for a package, configure without --sysconfdir, --localstatedir and" \
	"--runstatedir"
arch=$(dpkg --print-architecture)
# The same date in every build of one version: that of the changes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -u +%s -d \
    "$(sed -n '/^ -- /{s/.*  //p;q}' $here/changelog)")}
export SOURCE_DATE_EPOCH

# --- the files -----------------------------------------------------------

rm -rf $work
mkdir -p $root/DEBIAN "$out"
"$make" install DESTDIR=$root prefix=/usr mandir=/usr/share/man \
    unitdir=/lib/systemd/system >$work/install.log 2>&1 ||
	{ cat $work/install.log >&2; die "make install failed"; }
install -D -m 644 $here/office.rule $root/etc/postroom/rules/office.rule
install -D -m 644 $here/copyright $doc/copyright
install -m 644 README.md SECURITY.md $doc
install -m 644 CHANGES.md $doc/NEWS.md
install -m 644 $here/changelog $doc/changelog
find $root/usr/share/man -type f -exec gzip -9n {} +
gzip -9n $doc/changelog

programs=$(find $root/usr/bin $root/usr/sbin -type f)
# $programs is split into words on purpose, here and below.
# shellcheck disable=SC2086
strip --strip-unneeded --remove-section=.comment --remove-section=.note \
    $programs

# --- what it needs -------------------------------------------------------

# With versions, where dpkg-dev is installed.
depends_exactly() {
	mkdir $work/debian
	printf 'Source: postroom\n\nPackage: postroom\nArchitecture: any\n' \
	    >$work/debian/control
	set --
	for program in $programs; do
		set -- "$@" "-e${program#"$work"/}"
	done
	(cd $work && dpkg-shlibdeps -O "$@" 2>shlibdeps.log) |
	    sed -n 's/^shlibs:Depends=//p'
}

# Else the packages of the libraries that are linked here.
depends_by_name() {
	# shellcheck disable=SC2086
	ldd $programs | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u |
	    while read -r library; do
		dpkg-query --search "$(realpath "$library")" "$library" \
		    2>/dev/null | sed -n '1s/:.*//p'
	    done | sort -u | paste -s -d, | sed 's/,/, /g'
}

if command -v dpkg-shlibdeps >/dev/null; then
	depends=$(depends_exactly)
else
	depends=$(depends_by_name)
fi
[ -n "$depends" ] || { cat $work/*.log >&2; die "it needs no library?"; }

# --- the package ---------------------------------------------------------

kib=$(du -sk --exclude=DEBIAN $root | cut -f 1)
sed -e "s|@VERSION@|$version|" -e "s|@ARCH@|$arch|" \
    -e "s|@DEPENDS@|$depends|" -e "s|@KIB@|$kib|" $here/control \
    >$root/DEBIAN/control
for script in postinst prerm postrm; do
	install -m 755 $here/$script $root/DEBIAN/$script
done
(cd $root && find etc -type f | sort | sed 's|^|/|') >$root/DEBIAN/conffiles
(cd $root && find usr lib -type f | sort | xargs md5sum) \
    >$root/DEBIAN/md5sums
find $root -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --build $root \
    "$out/postroom_${version}_$arch.deb"
