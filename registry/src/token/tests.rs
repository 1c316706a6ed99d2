use super::*;

#[test]
fn rights_print_as_they_were_read() {
    for text in ["pull", "pull,push", "pull,push,delete", "push", ""] {
        assert_eq!(text.parse::<Rights>().unwrap().to_string(), text);
    }
    assert_eq!("*".parse::<Rights>().unwrap(), Rights::ALL);
    assert!("pull,steal".parse::<Rights>().unwrap_err().to_string().contains("`steal` is no right"));
}

#[test]
fn rights_cover_their_parts() {
    let rights: Rights = "pull,push".parse().unwrap();
    assert!(rights.cover("push".parse().unwrap()) && !rights.cover(Rights::ALL));
    assert_eq!(Rights::ALL.and(rights), rights);
}
