# A shell that starts a process for each beat.
name=$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
beat=0
while :; do
  beat=$((beat + 1))
  echo "$beat $name ok" >>/root/beats
  sleep 0.02
done
