# git clone onto the mount, work there, build with make and a compiler, run what was built; needs --dev.
. /bin/testing.sh
export GIT_EXEC_PATH=/bin/git-core GIT_TEMPLATE_DIR= HOME=/tmp GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Test GIT_AUTHOR_EMAIL=test@example.org
export GIT_COMMITTER_NAME=Test GIT_COMMITTER_EMAIL=test@example.org
git config --global --add safe.directory '*'
git config --global advice.detachedHead false
git config --global init.defaultBranch main
W=$PWD/git.$$; mkdir "$W"; cd "$W"

# The client shows a file's times by its own clock until its handle, whose close is put off (closetimeo), is closed in
# fact, and the server's from then on. `git merge` looks at them twice and ends with "stash failed" when they change in
# between, with Samba as well: so it begins when they stay.
settled() {
  for i in $(seq 60); do git update-index -q --refresh || true; sleep 1.5; git diff-files --quiet && return; done
  echo "the times of files never stay"; return 1
}
export -f settled

# The origin is on the guest's own memory, with a history.
origin=/tmp/origin
cp -r /job/in/project $origin
(cd $origin && git init -q . && git add . && git commit -qm 'first' && for i in $(seq 20); do
  echo "/* revision $i */" >>text.c; echo $i >note.$i; git add .; git commit -qm "revision $i"
done)

t clone '
  git clone -q --no-local /tmp/origin work; cd work; git fsck --full --strict
  git status --porcelain | cmp - /dev/null'
t same-files '
  cd /tmp/origin; find . -path ./.git -prune -o -type f -print | xargs md5sum >/tmp/sums; cd $OLDPWD/work
  md5sum -c /tmp/sums | grep -vc ": OK" | grep -x 0; test $(wc -l </tmp/sums) -gt 30'
t build 'cd work; make CC=tcc AR="tcc -ar" >/dev/null; test -s libcount.a; test -x count'
t run 'cd work; make CC=tcc AR="tcc -ar" check | tail -1; ./count Makefile'
t rebuild-one '
  cd work; sleep 1; touch text.c; make CC=tcc AR="tcc -ar" | grep -c "^tcc.* -c " | grep -x 1
  make CC=tcc AR="tcc -ar" | grep "Nothing to be done"'
t ignored 'cd work; git status --porcelain | cmp - /dev/null; make clean >/dev/null; test ! -e count'
t branch-merge '
  cd work; git checkout -q -b topic HEAD~10; echo topic >topic.txt; git add topic.txt; git commit -qm topic
  git checkout -q main; settled; git merge -q --no-edit topic
  test "$(cat topic.txt)" = topic; test "$(cat note.20)" = 20
  git log --oneline | wc -l'
t gc 'cd work; git gc -q; git fsck --full; git log --oneline | wc -l | grep -x 23'
t push 'git init -q --bare bare.git; cd work; git push -q ../bare.git main; git -C ../bare.git fsck --full'
t clone-on-mount '
  git clone -q bare.git second; git -C second log --oneline | wc -l | grep -x 23
  cd second; make CC=tcc AR="tcc -ar" check | tail -1'
t stash-checkout '
  cd work; echo changed >>text.c; git stash -q; git status --porcelain | cmp - /dev/null; git stash pop -q
  git checkout -q -- text.c; git status --porcelain | cmp - /dev/null'
cd /; rm -rf "$W"
finish
