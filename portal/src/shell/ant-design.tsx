// Ant Design comes with the parts that need it (drawer, form, filters) and not with the first load.
import { ConfigProvider } from "antd"
import enUS from "antd/locale/en_US"
import zhCN from "antd/locale/zh_CN"
import type { ReactNode } from "react"
import { useLanguage } from "../text/language"

const theme = {
  token: {
    colorPrimary: "#0f4c81",
    colorLink: "#0f4c81",
    colorTextPlaceholder: "#667788",
    borderRadius: 3,
    fontFamily: "inherit",
    fontSize: 14,
    // The old PCs have no GPU: every animation is drawn by the CPU.
    motion: false,
  },
}

export function AntDesign({ children }: { children: ReactNode }) {
  const language = useLanguage()
  return (
    <ConfigProvider locale={language === "en" ? enUS : zhCN} theme={theme} button={{ autoInsertSpace: false }}>
      {children}
    </ConfigProvider>
  )
}
